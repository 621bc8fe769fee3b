#pragma once

#include <cstddef>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#if defined(__APPLE__)
#include <crt_externs.h>
#else
#include <unistd.h>
#endif

namespace vitrine::gemm {

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

}  // namespace vitrine::gemm
