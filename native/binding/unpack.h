#pragma once

#include <napi.h>

#include <concepts>
#include <string>
#include <vector>

#include "binding/environment.h"
#include "binding/guard.h"
#include "binding/number.h"
#include "ops/all_ops.h"
#include "runtime/operand.h"

namespace vitrine::binding {

// Reads a call's arguments, in order, into the fields of an op. TypeScript has checked them already
// and owns the messages for users; what fails here is a slip of the binding, told as such.
class Unpacker {
 public:
  explicit Unpacker(const Napi::CallbackInfo& info)
      : info_(info), environment_(Environment::Of(info)) {
    environment_.BeginCommand();
  }

  template <class... Field>
  void operator()(Field&... fields) {
    (ReadField(fields), ...);
  }

  // After the last field: what lib/native-ops.ts sends more was of another struct.
  void Finish() const {
    if (next_ != info_.Length())
      throw Napi::TypeError::New(info_.Env(), "Expected fewer arguments for a native op.");
  }

 private:
  Napi::Value Next() {
    if (next_ >= info_.Length())
      throw Napi::TypeError::New(info_.Env(), "Expected more arguments for a native op.");
    return info_[next_++];
  }

  template <class Field>
  void ReadField(Field& field) {
    if constexpr (requires { field.Fields(*this); }) {
      field.Fields(*this);
    } else {
      Read(Next(), field);
    }
  }

  template <class T>
  T Number(const Napi::Value& value) {
    return NumberAs<T>(value, "argument " + std::to_string(next_) + " of a native op");
  }

  void Read(Napi::Value value, bool& field) { field = value.ToBoolean(); }
  template <class T>
  requires(std::integral<T> || std::floating_point<T>) void Read(Napi::Value value, T& field) {
    field = Number<T>(value);
  }
  template <class T>
  void Read(Napi::Value value, In<T>& field) {
    ReadOperand(value, field.data, field.count, Access::kRead);
  }
  template <class T>
  void Read(Napi::Value value, Out<T>& field) {
    ReadOperand(value, field.data, field.count, Access::kWrite);
  }
  void Read(Napi::Value value, In<Floats>& field) { ReadFloats(value, field, Access::kRead); }
  void Read(Napi::Value value, Out<Floats>& field) { ReadFloats(value, field, Access::kWrite); }
  // The handle of a tensor of bfloat16 comes with a minus.
  template <class Operand>
  void ReadFloats(const Napi::Value& value, Operand& field, Access access) {
    const auto signed_handle = Number<Handle>(value);
    if (signed_handle == 0) return;
    field.bf16 = signed_handle < 0;
    const Block& block = environment_.Use(field.bf16 ? -signed_handle : signed_handle, access);
    field.data = block.data;
    field.count = block.bytes / (field.bf16 ? sizeof(Bf16) : sizeof(float));
  }
  template <class T>
  void ReadOperand(Napi::Value value, T*& data, size_t& count, Access access) {
    const auto handle = Number<Handle>(value);
    if (handle == 0) return;
    const Block& block = environment_.Use(handle, access);
    data = static_cast<T*>(block.data);
    count = block.bytes / sizeof(T);
  }
  template <class T>
  void Read(Napi::Value value, std::vector<T>& field) {
    const auto array = value.As<Napi::Array>();
    field.resize(array.Length());
    for (uint32_t i = 0; i < array.Length(); ++i) Read(array.Get(i), field[i]);
  }
  void Read(Napi::Value value, Dims& field) {
    const auto array = value.As<Napi::Array>();
    if (array.Length() > Dims::kMax)
      throw Napi::TypeError::New(info_.Env(), "Expected at most 8 dimensions.");
    field.rank = static_cast<int>(array.Length());
    for (int i = 0; i < field.rank; ++i) Read(array.Get(i), field.at[i]);
  }

  const Napi::CallbackInfo& info_;
  Environment& environment_;
  size_t next_ = 0;
};

// The JavaScript function of an op: unpack, check that memory suffices, enqueue.
template <class Op>
void EnqueueOp(const Napi::CallbackInfo& info) {
  Op op;
  Unpacker unpack(info);
  op.Fields(unpack);
  unpack.Finish();
  if (!op.Valid()) {
    throw Napi::RangeError::New(
        info.Env(), std::string("Expected operands that hold the sizes given to ") + Op::kName +
                        " but received smaller ones.");
  }
  Environment::Of(info).Enqueue(std::make_shared<ops::OpCommand<Op>>(std::move(op)));
}

template <class... Op>
void ExportOps(Napi::Env env, Napi::Object exports, ops::OpList<Op...> /*ops*/) {
  (exports.Set(Op::kName, Napi::Function::New<Guarded<EnqueueOp<Op>>>(env, Op::kName)), ...);
}

}  // namespace vitrine::binding
