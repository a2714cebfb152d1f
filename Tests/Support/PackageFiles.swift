// SPDX-License-Identifier: MIT

import Foundation

/// The paths of files in this package's folder, which is found from the path of this source file.
package enum PackageFiles {
  package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The file of SqueezeNet 1.1 with its trained weights, which `make model` makes.
  package static let model = folder + "/Models/squeezenet1_1.safetensors"
  package static let hasModel = FileManager.default.fileExists(atPath: model)

  /// The 20 photographs `imagenet_NN_LABEL.jpg`, fetched by `make samples`, in the order of NN.
  package static let photos: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/Samples")) ?? []
    return names.filter { $0.hasPrefix("imagenet_") }.sorted().map { "\(folder)/Samples/\($0)" }
  }()
  package static let hasPhotos = hasModel && photos.count == 20
}
