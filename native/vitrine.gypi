{
  "targets": [
    {
      "target_name": "vitrine",
      # One list of sources for node-gyp and CMake: native/sources.txt, a path a line, relative to native/.
      "sources": [
        "<!@(node -p \"require('fs').readFileSync('native/sources.txt', 'utf8').split('\\n').filter(Boolean).map((f) => 'native/' + f).join(' ')\")"
      ],
      # Relative to this file; what commands give is relative to binding.gyp, a folder above.
      "include_dirs": [
        ".",
        "<!(node -p \"require('node-addon-api').include_dir\")"
      ],
      # NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS: a worker that is being terminated takes no exception; without this the
      # process aborts.
      # NODE_ADDON_API_CPP_EXCEPTIONS_ALL: an exception of C++ that nobody translates is a JavaScript error, not the end.
      "defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # OpenBLAS and oneDNN are not linked: native/gemm loads them at run time.
      "cflags": ["-Wall", "-Wextra", "-fvisibility=hidden"],
      # No -march: Highway compiles each kernel for every instruction set and chooses at run time.
      # -ffp-contract=off: products are fused only where the code says so, so that the instruction sets agree.
      "cflags_cc": ["-std=c++20", "-O3", "-ffp-contract=off", "-fexceptions", "-fvisibility-inlines-hidden"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions", "-fno-rtti"],
      "conditions": [
        [
          "OS=='linux'",
          {
            "libraries": ["-ldl", "-pthread"],
            # The C++ library is linked in, and kept in: a process may hold another one, of another version. The file stays
            # loaded when the last worker that uses it ends: what is told or begun once a process is known there.
            "ldflags": [
              "-Wl,-z,nodelete",
              "-static-libstdc++",
              "-static-libgcc",
              # From build/, where make runs: a whole path may have blanks in it.
              "-Wl,--version-script=../native/exports.map"
            ]
          }
        ],
        [
          "OS=='mac'",
          {
            "xcode_settings": {
              "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
              "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
              "GCC_OPTIMIZATION_LEVEL": "3",
              "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
              "MACOSX_DEPLOYMENT_TARGET": "12.0"
            },
            # Homebrew's prefix on Apple silicon, then on Intel.
            "include_dirs": ["/opt/homebrew/include", "/usr/local/include"],
            "library_dirs": ["/opt/homebrew/lib", "/usr/local/lib"]
          }
        ]
      ]
    }
  ]
}
