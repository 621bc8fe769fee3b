#pragma once

#include <cstdint>

namespace vitrine {

class Context;

// One record of a stream's queue. Run is called on the stream's thread, in order, at most once
// unless a graph replays the command.
class Command {
 public:
  virtual ~Command() = default;
  virtual const char* name() const = 0;
  virtual void Run(Context& context) = 0;
  // Commands that must run even on a poisoned stream: fences and the like, which report the fault.
  virtual bool runs_when_poisoned() const { return false; }
};

}  // namespace vitrine
