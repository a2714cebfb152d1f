// SPDX-License-Identifier: MIT

/// The library's and the program's version.
public let version = "0.1.0"
