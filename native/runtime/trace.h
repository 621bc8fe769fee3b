#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace vitrine {

// One span of work on one thread: a command, or its tiles on a worker. Times are of one steady
// clock, in microseconds.
struct TraceEvent {
  const char* name;
  int thread;  // 0 is the stream's own, the leader
  double start, end;
};

inline double TraceClock() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double, std::micro>(steady_clock::now().time_since_epoch()).count();
}

// What threads do while tracing is on. Each thread writes its own list, so that nobody waits.
class Trace {
 public:
  void Start(int threads) { lists_.assign(threads, {}); }
  void Stop() { lists_.clear(); }
  bool on() const { return !lists_.empty(); }
  void Add(const TraceEvent& event) {
    if (event.thread < static_cast<int>(lists_.size())) lists_[event.thread].push_back(event);
  }
  const std::vector<std::vector<TraceEvent>>& lists() const { return lists_; }

 private:
  std::vector<std::vector<TraceEvent>> lists_;
};

}  // namespace vitrine
