// SPDX-License-Identifier: MIT

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// What is asked of the file system, of memory and of the environment, beside whole files in and out.
extension Files {
  /// Whether there is anything at `path`.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether there is a folder at `path`.
  package static func isFolder(_ path: String) -> Bool { status(path)?.isFolder ?? false }

  /// Whether there is a regular file at `path`.
  package static func isRegular(_ path: String) -> Bool { status(path)?.isRegular ?? false }

  /// The absolute path without links of what is at `path`; nil if there is nothing.
  package static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }

  /// What tells the regular file that `path` leads to from all others; nil if there is none.
  package static func identity(_ path: String) -> [UInt64]? {
    guard let file = status(path), file.isRegular else { return nil }
    return [UInt64(truncatingIfNeeded: file.st_dev), UInt64(truncatingIfNeeded: file.st_ino)]
  }

  /// Finds out whether a file could be made or replaced at `path`, as far as the system tells beforehand.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func checkPlace(_ path: String) throws(PixelAscentError) {
    guard case .replace(let folder, _, _) = try WriteTarget(path) else { return }
    if access(folder.isEmpty ? "." : folder, W_OK | X_OK) != 0 { throw failure(.unwritableFile, path, errno) }
  }

  /// The bytes of memory this machine has.
  package static var physicalMemory: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

  /// Finds out whether memory can be had: a limit of the process, or of the machine, may be in the way.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` that says what takes it.
  package static func checkMemory(_ bytes: Int, _ what: Message) throws(PixelAscentError) {
    if bytes > physicalMemory {
      throw PixelAscentError(.sizeLimit, "\(what) \(bytes >> 20) MB, more memory than this machine has")
    }
    if !ZeroedMemory.isAvailable(bytes) {
      throw PixelAscentError(.sizeLimit, "\(what) \(bytes >> 20) MB, more memory than this process can get")
    }
  }

  /// Makes a folder in a folder that is there; one that is there already is left as it is.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func makeFolder(_ path: String) throws(PixelAscentError) {
    guard mkdir(path, 0o777) != 0 else { return }
    let problem = errno
    if isFolder(path) { return }
    if problem == EEXIST { throw PixelAscentError(.unwritableFile, "is a file, not a folder", about: path.oneLine) }
    throw failure(.unwritableFile, path, problem)
  }

  /// Makes a folder and those above it that are missing.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func makeFolders(_ path: String) throws(PixelAscentError) {
    if isFolder(path) { return }
    let folder = path.withoutLastSlash.folderAndName.folder
    if !folder.isEmpty { try makeFolders(folder.withoutLastSlash) }
    try makeFolder(path)
  }

  /// The files in a folder and in those below it, by their paths from it, sorted; links to folders are not followed, and what
  /// is hidden is left out, as are pipes and devices.
  ///
  /// - Parameter isMeant: whether a file of such a path is; others are left out
  /// - Returns: the files, and an error for each of them and each folder that can't be reached, in the order of their paths
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if the folder itself can't be.
  package static func list(
    _ folder: String, _ isMeant: (String) -> Bool
  ) throws(PixelAscentError) -> (files: [String], problems: [PixelAscentError]) {
    var files: [String] = [], problems: [(path: String, error: PixelAscentError)] = []
    var waiting: [(part: String, entries: [Entry])] = [("", try entries(of: folder))]
    while let (part, entries) = waiting.popLast() {
      for (name, mayBeFolder) in entries where !name.hasPrefix(".") {
        let path = part.isEmpty ? name : "\(part)/\(name)"
        var status = stat()
        if lstat("\(folder)/\(path)", &status) != 0 {
          let problem = errno
          // Else it is gone since.
          let isThere = problem != ENOENT || name.contains(Self.replacement)
          if isThere && (mayBeFolder || isMeant(path)) {
            problems.append((path, failure(.unreadableFile, "\(folder)/\(path)", problem)))
          }
          continue
        }
        if !status.isFolder {
          if isMeant(path), Self.status("\(folder)/\(path)")?.isRegular ?? true { files.append(path) }
          continue
        }
        do throws(PixelAscentError) {
          waiting.append((path, try Files.entries(of: "\(folder)/\(path)")))
        } catch {
          problems.append((path, error))
        }
      }
    }
    func precedes(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }
    return (files.sorted(by: precedes), problems.sorted { precedes($0.path, $1.path) }.map(\.error))
  }

  /// What lies in a folder, in no order.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package static func names(in folder: String) throws(PixelAscentError) -> [String] {
    try entries(of: folder).map(\.name)
  }

  /// A name in a folder, and whether it may be another folder's, as far as its own folder tells.
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

  /// The value of an environment variable that is set and not empty.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// The folder of the running program; nil where the system doesn't say.
  package static var executableFolder: String? {
    #if canImport(Darwin)
      var text = [CChar](repeating: 0, count: Int(PATH_MAX)), size = UInt32(text.count)
      guard _NSGetExecutablePath(&text, &size) == 0 else { return nil }
      let path = String(beforeZero: text)
    #else
      guard let path = link(at: "/proc/self/exe") else { return nil }
    #endif
    return path.hasSlash ? path.folderAndName.folder.withoutLastSlash : nil
  }

  /// Where the symbolic link at `path` points; nil if there is none.
  static func link(at path: String) -> String? {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(path, &text, text.count)
    return length < 0 ? nil : String(beforeZero: text.prefix(length))
  }

  /// A path to where a file at `path` is or would be made, the same for all that lead there; nil if it is a pipe or a device,
  /// or can't be made.
  package static func place(_ path: String) -> String? {
    guard case .replace(let folder, let name, _)? = try? WriteTarget(path) else { return nil }
    return "\(resolvedAsFar(folder))/\(name)"
  }

  /// A folder's absolute path without links, as far as it is there.
  private static func resolvedAsFar(_ folder: String) -> String {
    if folder.isEmpty { return resolved(".") ?? "." }
    if let path = resolved(folder) { return path }
    let (above, name) = folder.withoutLastSlash.folderAndName
    return name == "." ? resolvedAsFar(above) : "\(resolvedAsFar(above))/\(name)"
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
