// swift-tools-version: 6.0
// SPDX-License-Identifier: MIT

import PackageDescription

// `make sanitize` builds no more than it runs. Only the benchmarks' make targets build the benchmarks.
let isSanitized = Context.environment["PIXELASCENT_SANITIZE"] == "1"
let hasBenchmarks = Context.environment["PIXELASCENT_BENCH"] == "1"

let cSettings: [CSetting] = [.define("NDEBUG", .when(configuration: .release))]

let package = Package(
  name: "pixelascent",
  platforms: [.macOS(.v15)],

  // Public
  products: [
    .library(name: "PixelAscent", targets: ["PixelAscent"]),
    .executable(name: "pixelascent", targets: ["PixelAscentCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],

  targets: [
    // Implementation
    .target(name: "CPixelKernels", path: "CSupport/Kernels", cSettings: cSettings),
    .target(name: "CPixelReference", path: "CSupport/Reference"),
    .target(name: "CPixelCodec", dependencies: ["libjpeg", "libpng"], path: "CSupport/Codec"),
    .systemLibrary(
      name: "libjpeg", path: "CSupport/libjpeg", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "libpng", path: "CSupport/libpng", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "libnettle", path: "CSupport/nettle", pkgConfig: "nettle",
      providers: [.apt(["nettle-dev"]), .brew(["nettle"])]),
    .target(name: "PixelAscent", dependencies: ["CPixelKernels", "CPixelCodec", "libnettle"]),
    // What the program needs and a Swift developer does not.
    .target(name: "PixelAscentTool", dependencies: ["PixelAscent"]),
    .executableTarget(
      name: "PixelAscentCLI",
      dependencies: [
        "PixelAscent", "PixelAscentTool",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests
    .target(name: "CAllocationCount", path: "Tests/AllocationCount"),
    .target(name: "TestSupport", dependencies: ["PixelAscent", "CPixelReference"], path: "Tests/Support"),
    .target(
      name: "CKernelChecks", dependencies: ["CPixelKernels", "CPixelReference"], path: "Tests/KernelChecks",
      exclude: ["Example", "Program"]),
    .testTarget(name: "KernelTests", dependencies: ["CKernelChecks", "CPixelKernels"]),
    .testTarget(name: "CodecTests", dependencies: ["PixelAscent", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)

if !isSanitized {
  package.targets += [
    .testTarget(
      name: "PixelAscentTests",
      dependencies: ["PixelAscent", "CPixelReference", "CAllocationCount", "TestSupport"]),
    .testTarget(name: "PixelAscentToolTests", dependencies: ["PixelAscent", "PixelAscentTool", "TestSupport"]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["PixelAscent", "PixelAscentTool", "PixelAscentCLI", "TestSupport"],
      exclude: ["Golden"]),
  ]
}

if hasBenchmarks {
  package.products.append(.executable(name: "pixelascent-bench", targets: ["PixelAscentBench"]))
  package.targets += [
    .target(name: "CPeak", path: "Bench/Sources/CPeak"),
    .executableTarget(
      name: "PixelAscentBench",
      dependencies: [
        "CPeak", "PixelAscent", "CPixelKernels", "CPixelReference", "CAllocationCount",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Bench/Sources/PixelAscentBench"),
  ]
}
