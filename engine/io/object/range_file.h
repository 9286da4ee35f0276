// A file that is read by ranges over a network: blocks are fetched ahead of a sequential reader by
// threads of their own, at most `blocks_ahead` of them, and let go behind it. A reader that jumps
// gets what it asks for and nothing ahead of that. The first small reads elsewhere (a footer, a
// sample) are ranges of their own, and leave what is held as it is.
//
// Thread-safety: ReadAt may be called from any thread.
#pragma once

#include <arrow/io/interfaces.h>

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace millrace::io {

struct RangeFileOptions {
  int64_t block_bytes = 2 << 20;
  int blocks_ahead = 4;                  // memory: about block_bytes * (blocks_ahead + 1)
  int64_t glance_bytes_max = 128 << 10;  // of a small read; less than a block
  int glances_max = 4;                   // then blocks serve small reads, too
};

/// All of `bytes` bytes from `offset` on, or an error.
using FetchRange = std::function<Result<std::string>(int64_t offset, int64_t bytes)>;

std::shared_ptr<arrow::io::RandomAccessFile> MakeRangeFile(FetchRange fetch, int64_t bytes,
                                                           RangeFileOptions options = {});

}  // namespace millrace::io
