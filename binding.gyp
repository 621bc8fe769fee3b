{
  # What is built, and how, stands there, for it is packed, and a binding.gyp must not be: npm would run node-gyp wherever vitrine
  # is installed. `npx vitrine setup` writes this file where it is missing.
  "includes": ["native/vitrine.gypi"]
}
