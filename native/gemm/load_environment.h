#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#if defined(__APPLE__)
#include <crt_externs.h>
#elif !defined(_WIN32)
#include <unistd.h>
#endif

namespace vitrine::gemm {

#if defined(_WIN32)
// Variables that a library finds while it loads, in place of the process's own of these names. The
// C library of Windows copies what it is given, and has a lock.
class LoadEnvironment {
 public:
  // Each as "NAME=value".
  explicit LoadEnvironment(std::initializer_list<std::string> assignments) {
    for (const std::string& assignment : assignments) {
      const std::string name = assignment.substr(0, assignment.find('='));
      const char* before = std::getenv(name.c_str());
      // An empty value is none.
      before_.push_back(name + "=" + (before == nullptr ? "" : before));
      _putenv(assignment.c_str());
    }
  }
  ~LoadEnvironment() {
    for (const std::string& assignment : before_) _putenv(assignment.c_str());
  }
  LoadEnvironment(const LoadEnvironment&) = delete;
  LoadEnvironment& operator=(const LoadEnvironment&) = delete;

 private:
  std::vector<std::string> before_;
};
#else
// Variables that a library finds while it loads, in place of the process's own of these names.
//
// Not setenv(), which frees what another thread's getenv() may be reading. A second list is laid
// beside the process's own, whose strings it shares, and the pointer to the list is exchanged: a
// reader finds the one or the other, whole. The second list is never freed, as a reader may be in
// it for longer than this lives: some hundred pointers, twice in a process. Should another thread
// have set a variable meanwhile (JavaScript's main thread may, while a worker loads vitrine), its
// list stays.
class LoadEnvironment {
 public:
  // Each as "NAME=value".
  explicit LoadEnvironment(std::initializer_list<std::string> assignments) {
    own_ = __atomic_load_n(Current(), __ATOMIC_ACQUIRE);
    std::vector<char*>* const list = &Kept().emplace_back();
    for (char** entry = own_; entry != nullptr && *entry != nullptr; ++entry) {
      bool replaced = false;
      for (const std::string& assignment : assignments) {
        const size_t name = assignment.find('=') + 1;
        replaced = replaced || std::strncmp(*entry, assignment.c_str(), name) == 0;
      }
      if (!replaced) list->push_back(*entry);
    }
    for (const std::string& assignment : assignments) list->push_back(strdup(assignment.c_str()));
    list->push_back(nullptr);
    lent_ = list->data();
    __atomic_store_n(Current(), lent_, __ATOMIC_RELEASE);
  }
  ~LoadEnvironment() {
    __atomic_compare_exchange_n(Current(), &lent_, own_, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  }
  LoadEnvironment(const LoadEnvironment&) = delete;
  LoadEnvironment& operator=(const LoadEnvironment&) = delete;

 private:
  // Reachable for as long as the process lives, so that no tool takes the lists for lost.
  static std::deque<std::vector<char*>>& Kept() {
    static auto* const kept = new std::deque<std::vector<char*>>;
    return *kept;
  }

  static char*** Current() {
#if defined(__APPLE__)
    return _NSGetEnviron();
#else
    return &environ;
#endif
  }

  char** own_;
  char** lent_;
};
#endif

}  // namespace vitrine::gemm
