// swift-tools-version: 6.0
// SPDX-License-Identifier: MIT

import PackageDescription

let package = Package(
  name: "pixelascent-bench",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "pixelascent-bench", targets: ["PixelAscentBench"])],
  dependencies: [
    .package(name: "pixelascent", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .target(name: "CPeak"),
    .executableTarget(
      name: "PixelAscentBench",
      dependencies: [
        "CPeak",
        .product(name: "PixelAscent", package: "pixelascent"),
        .product(name: "_CPixelKernels", package: "pixelascent"),
        .product(name: "_CPixelReference", package: "pixelascent"),
        .product(name: "_CAllocationCount", package: "pixelascent"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
