#pragma once

#include <cstddef>
#include <cstdint>

namespace vitrine {

// What Node.js does not offer of the file system. All set errno.

// Takes the lock of an open file, for as long as that stays open in this process: the system gives
// it back when the process ends, however it does. False, with EWOULDBLOCK, where another has it.
bool LockFile(int descriptor);

// Reads from an open file, wherever others read or write it; the bytes read, 0 at its end, or -1.
int64_t ReadAt(int descriptor, void* data, size_t bytes, uint64_t offset);

// Lets two paths of one file system change places in one step: nobody ever finds neither. False
// where the file system cannot (ENOSYS, EINVAL, EOPNOTSUPP), or where they cannot change places.
bool ExchangePaths(const char* a, const char* b);

}  // namespace vitrine
