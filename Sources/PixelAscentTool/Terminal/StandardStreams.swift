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
  /// Opens those of the three streams that the parent process has closed, so that no other file gets their descriptors.
  ///
  /// Each stream is opened in the wrong direction (standard input for writing, the others for reading), so that its
  /// use fails as if it were still closed. Call this before anything else opens a file.
  package static func open() {
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
      _ = openFile("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Checks that standard output is open for writing.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if the parent process has closed it.
  package static func checkOutput() throws(PixelAscentError) {
    let mode = fcntl(STDOUT_FILENO, F_GETFL)
    if mode == -1 || mode & O_ACCMODE == O_RDONLY { throw Files.failure(.unwritableFile, "standard output", EBADF) }
  }

  /// Writes a line to standard output.
  ///
  /// If standard output is a pipe that nobody reads any more, the program ends with the exit code of SIGPIPE, after
  /// removing its half-written files.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, for example if the disk is full.
  package static func print(_ line: String) throws(PixelAscentError) {
    let problem = Array("\(line)\n".utf8).withUnsafeBytes { Files.drain($0, into: STDOUT_FILENO) }
    if problem == EPIPE { Files.end(withCode: 128 + SIGPIPE) }
    if problem != 0 { throw Files.failure(.unwritableFile, "standard output", problem) }
  }

  /// Writes `text` and `end` to standard error. Failures are ignored.
  package static func printError(_ text: String, end: String = "\n") {
    _ = Array("\(text)\(end)".utf8).withUnsafeBytes { Files.drain($0, into: STDERR_FILENO) }
  }

  /// Whether standard error can take some bytes at once, so that a write would not wait.
  package static var canPrintErrorNow: Bool {
    var output = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    return poll(&output, 1, 0) == 1 && output.revents & Int16(POLLOUT) != 0
  }

  /// Returns whether `path` is the file, pipe or device to which standard output goes.
  package static func isStandardOutput(_ path: String) -> Bool {
    var file = stat(), output = stat()
    guard stat(path, &file) == 0, fstat(STDOUT_FILENO, &output) == 0 else { return false }
    return (file.st_dev, file.st_ino) == (output.st_dev, output.st_ino)
  }
}

/// Calls the system's `open`, which ``StandardStreams/open()`` hides inside `StandardStreams`.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }
