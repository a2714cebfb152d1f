// SPDX-License-Identifier: MIT

import PixelAscent

/// What `reproduce` prints about a picture that it has made again.
package struct ReproduceRecord: ResultRecord {
  package let file, title: String
  package let same: Bool
  package let differing_values, linf_8bit: Int?
  package let psnr: Double?
  package let reasons: [String]

  /// - Parameters:
  ///   - file: the picture's file
  ///   - title: what the picture shows
  ///   - isSame: whether the file has the same bytes
  ///   - distance: how far the pictures are from each other; nil if their sizes differ
  ///   - reasons: what has changed since the picture was made
  package init(_ file: String, title: String, isSame: Bool, _ distance: RGBImage.Distance?, reasons: [String]) {
    (self.file, self.title, same, self.reasons) = (file, title, isSame, reasons)
    (differing_values, linf_8bit) = (distance?.count, distance?.greatest)
    psnr = distance.flatMap { $0.count > 0 ? $0.psnr : nil }
  }

  /// Whether the picture is the same, and what has changed since it was made.
  package var lines: [String] {
    let verdict: String
    if same {
      verdict = "the same bytes"
    } else if let differing_values, let linf_8bit, differing_values > 0 {
      let decibels = psnr.map { ", PSNR \(fixed($0, 1)) dB" } ?? ""
      verdict = "differs: \(differing_values) values, at most by \(linf_8bit)/255\(decibels)"
    } else if differing_values == 0 {
      verdict =
        "the same pixels in other bytes: the file was written by other versions of the image libraries, or changed"
    } else {
      verdict = "differs: another size"
    }
    return ["\(file): \(title.oneLine): \(verdict)"] + reasons.map { "  \($0)" }
  }
}
