// One chunk of JSON records into a RawBatch: rows, cell errors and rejects.
// Thread-safety: none; a reader keeps one per thread that parses. A chunk's result does not depend
// on what was parsed before.
#pragma once

#include <memory>
#include <vector>

#include "io/jsonl/jsonl_reader.h"
#include "io/jsonl/record_walker.h"
#include "io/jsonl/text_columns.h"

namespace millrace::io {

struct JsonlChunkContext {
  JsonlLayout layout = JsonlLayout::kLines;
  int64_t header_bytes = 0;
  int64_t record_bytes_max = 0;
  std::shared_ptr<arrow::Schema> schema;  // one utf8 column per request
};

class JsonlChunkParser {
 public:
  static Result<std::unique_ptr<JsonlChunkParser>> Make(const Projection& projection);

  Result<RawBatch> Parse(const JsonlChunkContext& context, const Chunk& chunk);

 private:
  /// A record of the chunk, or a fault found where one should be.
  struct Piece {
    size_t begin = 0, end = 0;   // without white space around it
    const char* rule = nullptr;  // a fault: not to be parsed
    const char* message = "";
    bool unterminated = false;  // the file ends with it, without a newline or ']'
  };

  explicit JsonlChunkParser(std::unique_ptr<RecordWalker> walker) : walker_(std::move(walker)) {}

  void FindLines(const JsonlChunkContext& context);
  void FindElements(const JsonlChunkContext& context);
  void FindObjects();
  void AddElement(const Piece& piece, size_t end);
  void AddFault(size_t begin, size_t end, const char* rule, const char* message);
  Piece Trimmed(size_t begin, size_t end) const;

  size_t SliceEnd(size_t first) const;
  Status ParseSlice(const JsonlChunkContext& context, size_t first, size_t last);
  WalkOutcome WalkAlone(const Piece& piece, JsonCell* cells);
  WalkOutcome WalkUnindexable(const Piece& piece) const;
  void Finish(const Piece& piece, const WalkOutcome& outcome);
  void AddRow(const Piece& piece);
  void AddReject(const Piece& piece, const char* rule, std::string message, std::string value = "");

  std::unique_ptr<RecordWalker> walker_;
  const uint8_t* text_ = nullptr;
  size_t bytes_ = 0;
  int64_t byte_offset_ = 0;
  std::vector<Piece> pieces_;
  std::vector<JsonCell> cells_;
  int64_t slice_rows_ = 0;
  RawBatch batch_;
  int64_t rows_ = 0;
};

}  // namespace millrace::io
