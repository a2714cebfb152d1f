// SPDX-License-Identifier: MIT
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the file at a path is to be written.
enum WriteTarget {
  /// It is a pipe, a device, or an open file of some process: it is written where it is.
  case direct
  /// It is missing or regular: `name` in `folder` (empty, or ending in "/") is replaced; `mode` is that of a file there.
  case replace(folder: String, name: String, mode: mode_t?)

  /// Looks at what is at `path` and follows links to where the file itself lies or will lie.
  init(_ path: String) throws(PixelAscentError) {
    var status = stat()
    let exists = stat(path, &status) == 0
    let isOpenFile = ["/dev/fd/", "/dev/stdout", "/dev/stderr", "/proc/"].contains { path.hasPrefix($0) }
    if exists && (isOpenFile || !(status.isRegular || status.isFolder)) {
      self = .direct
      return
    }
    if path.isEmpty || path.hasSuffix("/") || (exists && status.isFolder) {
      throw Files.failure(.unwritableFile, path, path.isEmpty ? ENOENT : EISDIR)
    }
    if exists && access(path, W_OK) != 0 { throw Files.failure(.unwritableFile, path, errno) }

    var place = path
    var linkCount = 0
    while let link = Files.link(at: place) {
      linkCount += 1
      if linkCount > 40 { throw Files.failure(.unwritableFile, path, ELOOP) }
      place = link.isAbsolute ? link : place.folderAndName.folder + link
    }
    let (folder, name) = place.folderAndName
    self = .replace(folder: folder, name: name, mode: exists ? status.st_mode & 0o7777 : nil)
  }
}

extension stat {
  var isRegular: Bool { st_mode & S_IFMT == S_IFREG }
  var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
}
