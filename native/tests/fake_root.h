#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/harness.h"

namespace vitrine {

// Texts by path, as a system would have them.
using Files = std::map<std::string, std::string>;

// A folder that has files where a system's root has them, for as long as it lives.
class FakeRoot {
 public:
  explicit FakeRoot(const Files& files)
      : path_((std::filesystem::temp_directory_path() / "vitrine-root-XXXXXX").string()) {
    namespace fs = std::filesystem;
    Expect(mkdtemp(path_.data()) != nullptr, "a temporary folder can be made");
    for (const auto& [path, text] : files) {
      fs::create_directories(fs::path(path_ + path).parent_path());
      std::ofstream(path_ + path) << text;
    }
  }
  ~FakeRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace vitrine
