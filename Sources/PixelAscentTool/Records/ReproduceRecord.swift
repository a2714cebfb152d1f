// SPDX-License-Identifier: MIT

import PixelAscent

/// The record that `reproduce` prints about a picture that it has made again.
package struct ReproduceRecord: ResultRecord {
  package let file, title: String
  package let same: Bool
  package let differingValues, linf8Bit: Int?
  package let psnr: Double?
  package let reasons: [String]

  private enum CodingKeys: String, CodingKey {
    case file, title, same, psnr, reasons
    case differingValues = "differing_values"
    case linf8Bit = "linf_8bit"
  }

  /// - Parameters:
  ///   - file: the picture's file
  ///   - title: what the picture shows
  ///   - isSame: whether the new file has the same bytes
  ///   - distance: the distance between the two pictures; nil if their sizes differ
  ///   - reasons: what has changed since the picture was made
  package init(_ file: String, title: String, isSame: Bool, _ distance: RGBImage.Distance?, reasons: [String]) {
    (self.file, self.title, same, self.reasons) = (file, title, isSame, reasons)
    (differingValues, linf8Bit) = (distance?.count, distance?.greatest)
    psnr = distance.flatMap { $0.count > 0 ? $0.psnr : nil }
  }

  /// Whether the picture is the same, and what has changed since it was made.
  package var lines: [String] {
    let verdict: String
    if same {
      verdict = "the same bytes"
    } else if let differingValues, let linf8Bit, differingValues > 0 {
      let decibels = psnr.map { ", PSNR \(fixed($0, 1)) dB" } ?? ""
      verdict = "differs: \(differingValues) values, by at most \(linf8Bit)/255\(decibels)"
    } else if differingValues == 0 {
      verdict =
        "the same pixels, but other bytes: other versions of the image libraries wrote the file, or it was changed"
    } else {
      verdict = "differs in size"
    }
    return ["\(file): \(title.oneLine): \(verdict)"] + reasons.map { "  \($0)" }
  }
}
