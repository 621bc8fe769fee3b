#pragma once

namespace vitrine {

// Lets the calling thread stand back for the threads that run JavaScript. For threads that compute;
// Linux only.
void StandBack();

}  // namespace vitrine
