#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/image_resample.h"

// What changes an image's values and moves none, each as Pillow does it: PIL.ImageOps and
// PIL.ImageEnhance, and torchvision's adjust_hue. Images have one or three channels.
namespace vitrine::ops {

inline uint8_t Clipped(int64_t value) {
  return static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255));
}

void AutoContrast(Pixels& image);
void Equalize(Pixels& image);
void Invert(Pixels& image);
void Posterize(Pixels& image, int bits);  // that are kept
void Solarize(Pixels& image, double threshold);
void SolarizeAdd(Pixels& image, int added);  // below 128

// By a factor, where 1 changes nothing.
void Brightness(Pixels& image, float factor);
void Contrast(Pixels& image, float factor);
void Color(Pixels& image, float factor);
void Sharpness(Pixels& image, float factor);

void Hue(Pixels& image, double turn);  // of a whole one, from -0.5 to 0.5

}  // namespace vitrine::ops
