#pragma once

#include <memory>
#include <utility>

#include "runtime/stream.h"

namespace vitrine {

// A function of the context as a command.
template <class F>
class FunctionCommand : public Command {
 public:
  FunctionCommand(F function, bool runs_when_poisoned)
      : function_(std::move(function)), runs_when_poisoned_(runs_when_poisoned) {}
  const char* name() const override { return "function"; }
  void Run(Context& context) override { function_(context); }
  bool runs_when_poisoned() const override { return runs_when_poisoned_; }

 private:
  F function_;
  bool runs_when_poisoned_;
};

template <class F>
uint64_t Enqueue(Stream& stream, F function, Lane lane = Lane::kOrdinary) {
  return stream.Enqueue(std::make_shared<FunctionCommand<F>>(std::move(function), false), lane);
}

}  // namespace vitrine
