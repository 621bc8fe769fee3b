#include "runtime/files.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace vitrine {

bool LockFile(int descriptor) {
  int status = 0;
  do {
    status = flock(descriptor, LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  return status == 0;
}

bool ExchangePaths(const char* a, const char* b) {
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
