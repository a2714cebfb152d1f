// SPDX-License-Identifier: MIT

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// This file asks the system about files and the environment, and makes and lists folders. Files.swift reads and writes
// whole files.
extension Files {
  /// Returns whether a file of any kind exists at `path`.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Returns whether a folder exists at `path`.
  package static func isFolder(_ path: String) -> Bool { status(path)?.isFolder ?? false }

  /// Returns whether a regular file exists at `path`.
  package static func isRegular(_ path: String) -> Bool { status(path)?.isRegular ?? false }

  /// Returns the canonical path of the file or folder at `path`: absolute, without symbolic links. Nil if nothing
  /// exists there.
  package static func canonicalPath(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }

  /// Returns the device and inode of the regular file at `path`. No two files have both in common. Nil if no regular
  /// file exists at `path`.
  package static func identity(_ path: String) -> [UInt64]? {
    guard let file = status(path), file.isRegular else { return nil }
    return [UInt64(truncatingIfNeeded: file.st_dev), UInt64(truncatingIfNeeded: file.st_ino)]
  }

  /// Checks that a file can be made or replaced at `path`, as far as the system can tell beforehand.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func checkWritable(_ path: String) throws(PixelAscentError) {
    guard case .replace(let folder, _, _) = try WriteTarget(path) else { return }
    if access(folder.isEmpty ? "." : folder, W_OK | X_OK) != 0 { throw failure(.unwritableFile, path, errno) }
  }

  /// Makes the folder at `path`, in a folder that exists. A folder that exists already is left as it is.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func makeFolder(_ path: String) throws(PixelAscentError) {
    guard mkdir(path, 0o777) != 0 else { return }
    let problem = errno
    if isFolder(path) { return }
    if problem == EEXIST { throw PixelAscentError(.unwritableFile, "is a file, not a folder", about: path.oneLine) }
    throw failure(.unwritableFile, path, problem)
  }

  /// Makes the folder at `path`, and the folders above it that are missing.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func makeFolders(_ path: String) throws(PixelAscentError) {
    if isFolder(path) { return }
    let folder = path.withoutTrailingSlashes.folderAndName.folder
    if !folder.isEmpty { try makeFolders(folder.withoutTrailingSlashes) }
    try makeFolder(path)
  }

  /// Returns the files in `folder` and in the folders below it, sorted, as paths relative to `folder`.
  ///
  /// Links to folders are not followed. Hidden files and folders, pipes and devices are left out.
  ///
  /// - Parameter isWanted: returns whether the file with this relative path is wanted; other files are left out
  /// - Returns: the files, and an error for each wanted file and each folder that can't be reached, in the order of the
  ///   paths
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if `folder` itself can't be read.
  package static func list(
    _ folder: String, _ isWanted: (String) -> Bool
  ) throws(PixelAscentError) -> (files: [String], problems: [PixelAscentError]) {
    let root = folder.withOneTrailingSlash
    var files: [String] = [], problems: [(path: String, error: PixelAscentError)] = []
    var waiting: [(part: String, entries: [Entry])] = [("", try entries(of: folder))]
    while let (part, entries) = waiting.popLast() {
      for (name, mayBeFolder) in entries where !name.hasPrefix(".") {
        let path = part.isEmpty ? name : "\(part)/\(name)"
        var status = stat()
        if lstat(root + path, &status) != 0 {
          let problem = errno
          // A file that is not found has been removed in the meantime, unless its name is not UTF-8: the text of such a
          // name leads to no file.
          let isThere = problem != ENOENT || name.contains(Self.replacement)
          if isThere && (mayBeFolder || isWanted(path)) {
            problems.append((path, failure(.unreadableFile, root + path, problem)))
          }
          continue
        }
        if !status.isFolder {
          if isWanted(path), Self.status(root + path)?.isRegular ?? true { files.append(path) }
          continue
        }
        do throws(PixelAscentError) {
          waiting.append((path, try Files.entries(of: root + path)))
        } catch {
          problems.append((path, error))
        }
      }
    }
    func precedes(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }
    return (files.sorted(by: precedes), problems.sorted { precedes($0.path, $1.path) }.map(\.error))
  }

  /// Returns the names of the files and folders in `folder`, in no particular order.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package static func names(in folder: String) throws(PixelAscentError) -> [String] {
    try entries(of: folder).map(\.name)
  }

  /// The name of a file or folder, and whether it may be a folder: some file systems don't tell.
  private typealias Entry = (name: String, mayBeFolder: Bool)

  private static func entries(of folder: String) throws(PixelAscentError) -> [Entry] {
    guard let stream = opendir(folder) else { throw failure(.unreadableFile, folder, errno) }
    defer { closedir(stream) }
    var entries: [Entry] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(beforeZero: $0) }
      let mayBeFolder = [UInt8(DT_DIR), UInt8(DT_UNKNOWN)].contains(entry.pointee.d_type)
      if name != "." && name != ".." { entries.append((name, mayBeFolder)) }
      errno = 0
    }
    if errno != 0 { throw failure(.unreadableFile, folder, errno) }
    return entries
  }

  /// Returns the value of the environment variable `name`; nil if it is not set, or empty.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// The folder of the running program; nil if the system can't tell.
  package static var executableFolder: String? {
    #if canImport(Darwin)
      var text = [CChar](repeating: 0, count: Int(PATH_MAX)), size = UInt32(text.count)
      guard _NSGetExecutablePath(&text, &size) == 0 else { return nil }
      let path = String(beforeZero: text)
    #else
      guard let path = link(at: "/proc/self/exe") else { return nil }
    #endif
    return path.hasSlash ? path.folderAndName.folder.withoutTrailingSlashes : nil
  }

  /// Returns the path that the symbolic link at `path` points to; nil if no symbolic link exists there.
  static func link(at path: String) -> String? {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(path, &text, text.count)
    return length < 0 ? nil : String(beforeZero: text.prefix(length))
  }

  /// Returns the canonical path of the file that writing to `path` would make or replace. All paths that lead to the
  /// same file give the same canonical path. Nil if `path` leads to a pipe or a device, or no file can be made there.
  package static func replacedPath(_ path: String) -> String? {
    guard case .replace(let folder, let name, _)? = try? WriteTarget(path) else { return nil }
    return canonicalPath(ofFolder: folder).withOneTrailingSlash + name
  }

  /// Returns the canonical path of `folder`. Parts of the path that do not exist are kept as they are.
  private static func canonicalPath(ofFolder folder: String) -> String {
    if folder.isEmpty { return canonicalPath(".") ?? "." }
    if let path = canonicalPath(folder) { return path }
    let (above, name) = folder.withoutTrailingSlashes.folderAndName
    let root = canonicalPath(ofFolder: above)
    return name == "." ? root : root.withOneTrailingSlash + name
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
