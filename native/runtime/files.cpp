#include "runtime/files.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/file.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace vitrine {

#if defined(_WIN32)
namespace {

// Descriptors are numbers of Node.js's own C library, which libuv, a part of node.exe, translates.
HANDLE HandleOf(int descriptor) {
  using Translate = HANDLE(int);
  static auto* const translate = reinterpret_cast<Translate*>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), "uv_get_osfhandle")));
  return translate == nullptr ? INVALID_HANDLE_VALUE : translate(descriptor);
}

OVERLAPPED At(uint64_t offset) {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(offset);
  at.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return at;
}

}  // namespace

bool LockFile(int descriptor) {
  // A byte that no file has: Windows keeps others from reading what is locked.
  OVERLAPPED at = At(uint64_t{1} << 62);
  constexpr DWORD kHow = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
  if (LockFileEx(HandleOf(descriptor), kHow, 0, 1, 0, &at)) return true;
  errno = GetLastError() == ERROR_LOCK_VIOLATION ? EWOULDBLOCK : ENOSYS;
  return false;
}

int64_t ReadAt(int descriptor, void* data, size_t bytes, uint64_t offset) {
  OVERLAPPED at = At(offset);
  const auto wanted = static_cast<DWORD>(bytes < (1u << 30) ? bytes : 1u << 30);
  DWORD count = 0;
  return ReadFile(HandleOf(descriptor), data, wanted, &count, &at) ? static_cast<int64_t>(count)
                                                                   : -1;
}
#else
bool LockFile(int descriptor) {
  int status = 0;
  do {
    status = flock(descriptor, LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  return status == 0;
}

int64_t ReadAt(int descriptor, void* data, size_t bytes, uint64_t offset) {
  return pread(descriptor, data, bytes, static_cast<off_t>(offset));
}
#endif

bool ExchangePaths([[maybe_unused]] const char* a, [[maybe_unused]] const char* b) {
#if defined(__linux__) && defined(SYS_renameat2)
  constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE; not every libc has the wrapper or the name
  return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, kExchange) == 0;
#elif defined(__APPLE__)
  return renamex_np(a, b, RENAME_SWAP) == 0;
#else
  errno = ENOSYS;
  return false;
#endif
}

}  // namespace vitrine
