// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The program's standard input, output and error.
package enum StandardStreams {
  /// Opens those of the three streams that the parent process has closed, so that no other file gets their numbers.
  ///
  /// Each is opened the wrong way round (standard input for writing, the others for reading), so that using it still fails as
  /// a closed stream does. Call this before anything else opens a file.
  package static func open() {
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
      _ = openFile("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Finds out whether standard output can be written to at all.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if the parent process has closed it.
  package static func checkOutput() throws(PixelAscentError) {
    let mode = fcntl(STDOUT_FILENO, F_GETFL)
    if mode == -1 || mode & O_ACCMODE == O_RDONLY { throw Files.failure(.unwritableFile, "standard output", EBADF) }
  }

  /// Writes a line to standard output.
  ///
  /// If standard output is a pipe that nobody reads any more, the program ends as SIGPIPE would end it, but removes its
  /// half-written files first.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, for example where the disk is full.
  package static func print(_ line: String) throws(PixelAscentError) {
    let problem = Array("\(line)\n".utf8).withUnsafeBytes { Files.drain($0, into: STDOUT_FILENO) }
    if problem == EPIPE { Files.end(withCode: 128 + SIGPIPE) }
    if problem != 0 { throw Files.failure(.unwritableFile, "standard output", problem) }
  }

  /// Writes a text and an end of line to standard error, if that is possible.
  package static func printError(_ text: String, end: String = "\n") {
    _ = Array("\(text)\(end)".utf8).withUnsafeBytes { Files.drain($0, into: STDERR_FILENO) }
  }

  /// Whether standard error takes some bytes without waiting.
  package static var takesErrors: Bool {
    var output = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    return poll(&output, 1, 0) == 1 && output.revents & Int16(POLLOUT) != 0
  }

  /// Whether `path` leads to the file, pipe or device that standard output is.
  package static func isOutput(_ path: String) -> Bool {
    var file = stat(), output = stat()
    guard stat(path, &file) == 0, fstat(STDOUT_FILENO, &output) == 0 else { return false }
    return (file.st_dev, file.st_ino) == (output.st_dev, output.st_ino)
  }
}

/// The system's `open`, which ``StandardStreams/open()`` would hide.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }
