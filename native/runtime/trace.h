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
  // Of a tile, where tiles are noted: which loop since the trace began, which of the ranges that
  // the loop is made of, and which tile of that.
  int64_t loop = -1, range = 0, tile = 0;
};

inline double TraceClock() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double, std::micro>(steady_clock::now().time_since_epoch()).count();
}

// What threads do while tracing is on. Each thread writes its own list, so that nobody waits.
class Trace {
 public:
  // With `tiles`, every tile of every loop is noted, the leader's too.
  void Start(int threads, bool tiles) {
    lists_.assign(threads, {});
    tiles_ = tiles;
    loops_ = 0;
  }
  void Stop() { lists_.clear(); }
  bool on() const { return !lists_.empty(); }
  bool tiles() const { return tiles_; }
  int64_t NextLoop() { return loops_++; }
  void Add(const TraceEvent& event) {
    if (event.thread < static_cast<int>(lists_.size())) lists_[event.thread].push_back(event);
  }
  const std::vector<std::vector<TraceEvent>>& lists() const { return lists_; }

 private:
  std::vector<std::vector<TraceEvent>> lists_;
  bool tiles_ = false;
  int64_t loops_ = 0;
};

}  // namespace vitrine
