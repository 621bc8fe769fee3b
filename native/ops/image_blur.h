#pragma once

#include "ops/image_resample.h"

namespace vitrine::ops {

// Blurs by a deviation in pixels as PIL.ImageFilter.GaussianBlur does: by three boxes along each
// axis.
void GaussianBlur(Pixels& image, double deviation);

}  // namespace vitrine::ops
