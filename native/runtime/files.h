#pragma once

namespace vitrine {

// What Node.js does not offer of the file system. Both set errno.

// Takes the lock of an open file, for as long as that stays open in this process: the system gives
// it back when the process ends, however it does. False, with EWOULDBLOCK, where another has it.
bool LockFile(int descriptor);

// Lets two paths of one file system change places in one step: nobody ever finds neither. False
// where the file system cannot (ENOSYS, EINVAL, EOPNOTSUPP), or where they cannot change places.
bool ExchangePaths(const char* a, const char* b);

}  // namespace vitrine
