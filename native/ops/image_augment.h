#pragma once

#include <cstdint>

#include "ops/image_resample.h"

// What is done to one image on its way into a batch, serially: images are what threads share out.
namespace vitrine::ops {

// The numbers are lib/native.ts's.
enum class Augmentation : int {
  kFlipHorizontal,
  kFlipVertical,
  kAutoContrast,
  kEqualize,
  kInvert,
  kPosterize,    // bits that are kept
  kSolarize,     // threshold
  kSolarizeAdd,  // what is added below 128
  kBrightness,   // factors, where 1 changes nothing
  kContrast,
  kColor,
  kSharpness,
  kHue,           // of a whole turn, from -0.5 to 0.5
  kGaussianBlur,  // deviation in pixels
  kAffine,  // six numbers from (x,y) of the result to the image's, filter, fill of three channels
};
constexpr int kAugmentations = static_cast<int>(Augmentation::kAffine) + 1;

// How many numbers go with it.
int ArgumentsOf(Augmentation augmentation);

// Changes an image of one or three channels as Pillow does.
void Augment(Pixels& image, Augmentation augmentation, const double* arguments);

}  // namespace vitrine::ops
