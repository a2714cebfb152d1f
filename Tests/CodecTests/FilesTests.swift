// SPDX-License-Identifier: MIT
import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct FilesTests {
  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode : 0
  }

  @Test("Written bytes are read back", arguments: [0, 1, 65535, 3_000_000])
  func roundTrip(_ count: Int) throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }
    try Files.write(bytes, to: folder.path + "/a b.bin")
    #expect(try Files.read(folder.path + "/a b.bin") == bytes)
    try Files.write([1, 2], to: folder.path + "/a b.bin")
    #expect(try Files.read(folder.path + "/a b.bin") == [1, 2])
    #expect(folder.names == ["a b.bin"])
  }

  @Test("A file keeps the permissions of the file that it replaces; a new file has the usual permissions")
  func permissions() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a"
    let mask = umask(0)
    umask(mask)
    try Files.write([1], to: path)
    #expect(mode(path) & 0o7777 == 0o666 & ~mask)
    #expect(chmod(path, 0o640) == 0)
    try Files.write([2], to: path)
    #expect(mode(path) & 0o7777 == 0o640)
  }

  @Test("A symbolic link stays a link, and its target is replaced or created")
  func links() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: true)
    #expect(symlink("sub/target", folder.path + "/link") == 0)
    #expect(symlink("link", folder.path + "/second") == 0)
    for content: [UInt8] in [[1, 2, 3], [4]] {
      try Files.write(content, to: folder.path + "/second")
      #expect(try Files.read(folder.path + "/sub/target") == content)
      #expect(folder.names == ["link", "second", "sub"])
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == "sub/target")
    }
    #expect(symlink("round", folder.path + "/round") == 0)
    #expect(failure { try Files.write([1], to: folder.path + "/round") }?.kind == .unwritableFile)
  }

  @Test("A pipe is read to its end and written without being replaced")
  func pipes() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 >> 5) }
    // Reader and writer wait for each other. Each has its own thread, because on the tests' shared pool a waiting
    // thread would block other tests.
    async let received = onThread { try Files.read(path) }
    async let written: Void = onThread { try Files.write(bytes, to: path) }
    #expect(try await received == bytes)
    try await written
    #expect(mode(path) & S_IFMT == S_IFIFO)
    #expect(folder.names == ["pipe"])
  }

  @Test("The error for a picture too wide for a JPEG names the file, and nothing is written")
  func tooWide() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/wide.jpg"
    let image = RGBImage(width: 65_501, height: 1, pixels: Array(repeating: 7, count: 3 * 65_501))
    let error = failure { try image.write(to: path) }
    #expect(error?.kind == .sizeLimit)
    #expect(error?.subject == [path])
    #expect(
      error?.message == "a 65501×1 JPEG can't be written: a side is at most 65500 pixels long; a PNG may be larger")
    #expect(folder.names.isEmpty)
    try image.write(to: folder.path + "/wide.png")
    #expect(try RGBImage(contentsOf: folder.path + "/wide.png") == image)
  }

  #if os(Linux)
    @Test("Writing to a full device is an error, and the device stays a device")
    func fullDevice() {
      let error = failure { try Files.write([1, 2, 3], to: "/dev/full") }
      #expect(error == PixelAscentError(.unwritableFile, "no space left on device", about: "/dev/full"))
      #expect(mode("/dev/full") & S_IFMT == S_IFCHR)
    }
  #endif

  @Test("Errors name the file and leave no file behind")
  func errors() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/file"
    try Files.write([1], to: file)
    func reading(_ path: String) -> PixelAscentError? { failure { try Files.read(path) } }
    func writing(_ path: String) -> PixelAscentError? { failure { try Files.write([2], to: path) } }
    let missing = folder.path + "/missing"
    let name = folder.path
    #expect(reading(missing) == PixelAscentError(.unreadableFile, "no such file", about: missing))
    #expect(reading(name) == PixelAscentError(.unreadableFile, "is a folder, not a file", about: name))
    #expect(
      reading(file + "/a")
        == PixelAscentError(.unreadableFile, "a part of the path is not a folder", about: file + "/a"))
    #expect(reading("") == PixelAscentError(.unreadableFile, "no such file", about: "\"\""))
    #expect(reading("a\nb")?.description == "a?b: no such file")
    #expect(writing(name) == PixelAscentError(.unwritableFile, "is a folder, not a file", about: name))
    #expect(writing(name + "/new/")?.description == "\(name)/new/: is a folder, not a file")
    #expect(writing(missing + "/a") == PixelAscentError(.unwritableFile, "no such folder", about: missing + "/a"))
    #expect(writing(file + "/a")?.description == "\(file)/a: a part of the path is not a folder")
    #expect(writing("")?.kind == .unwritableFile)
    #expect(writing(name + "/" + String(repeating: "n", count: 300))?.description.hasSuffix("too long") == true)
    #expect(folder.names == ["file"])
    #expect(try Files.read(file) == [1])
  }

  @Test(
    "Without permission nothing is read, written or left behind",
    .disabled(if: geteuid() == 0, "root has every permission"))
  func noPermission() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/file"
    try Files.write([1], to: file)
    #expect(chmod(file, 0o000) == 0)
    #expect(failure { try Files.read(file) }?.description == "\(file): permission denied")
    #expect(failure { try Files.write([2], to: file) }?.description == "\(file): permission denied")
    #expect(chmod(folder.path, 0o500) == 0)
    let new = folder.path + "/new"
    #expect(failure { try Files.write([2], to: new) }?.description == "\(new): permission denied")
    #expect(chmod(folder.path, 0o700) == 0)
    #expect(folder.names == ["file"])
  }

  @Test("The content of an image file, not its name, decides how the file is read")
  func imageFile() throws {
    let folder = try TemporaryFolder()
    let image = generatedImage(width: 6, height: 5)
    try Files.write(try image.pngData(), to: folder.path + "/photo.jpg")
    #expect(try RGBImage(contentsOf: folder.path + "/photo.jpg") == image)
    try Files.write([], to: folder.path + "/empty.png")
    let error = failure { try RGBImage(contentsOf: folder.path + "/empty.png") }
    #expect(error?.description == "\(folder.path)/empty.png: the file is empty")
  }
}
