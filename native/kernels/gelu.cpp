#include "kernels/gelu.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gelu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void GeluForward(float* y, const float* x, int64_t n) { Activate<Gelu>(y, x, n); }
void GeluBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<Gelu>(dx, dy, x, n);
}
void GeluBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                      int64_t C) {
  ActivateBackwardBias<Gelu>(dx, dbias, dy, x, rows, C);
}

void GeluTanhForward(float* y, const float* x, int64_t n) { Activate<GeluTanh>(y, x, n); }
void GeluTanhBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<GeluTanh>(dx, dy, x, n);
}
void GeluTanhBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                          int64_t C) {
  ActivateBackwardBias<GeluTanh>(dx, dbias, dy, x, rows, C);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

HWY_EXPORT(GeluForward);
HWY_EXPORT(GeluBackward);
HWY_EXPORT(GeluBackwardBias);
HWY_EXPORT(GeluTanhForward);
HWY_EXPORT(GeluTanhBackward);
HWY_EXPORT(GeluTanhBackwardBias);

void GeluForward(float* y, const float* x, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(GeluForward)(y, x, n);
}

void GeluBackward(float* dx, const float* dy, const float* x, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(GeluBackward)(dx, dy, x, n);
}

void GeluBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                      int64_t C) noexcept {
  HWY_DYNAMIC_DISPATCH(GeluBackwardBias)(dx, dbias, dy, x, rows, C);
}

void GeluTanhForward(float* y, const float* x, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(GeluTanhForward)(y, x, n);
}

void GeluTanhBackward(float* dx, const float* dy, const float* x, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(GeluTanhBackward)(dx, dy, x, n);
}

void GeluTanhBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                          int64_t C) noexcept {
  HWY_DYNAMIC_DISPATCH(GeluTanhBackwardBias)(dx, dbias, dy, x, rows, C);
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
