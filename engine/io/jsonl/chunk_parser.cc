#include "io/jsonl/chunk_parser.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/utf8.h"
#include "io/jsonl/array_scanner.h"
#include "io/jsonl/object_scanner.h"

namespace millrace::io {
namespace {

constexpr const char* kNotClosed = "the array is not closed";

// Text, its structural index and the cells of a slice stay in the second-level cache.
constexpr size_t kSliceBytes = 128 << 10;
constexpr size_t kShownBytesMax = 256;  // of a value in a cell error or a member name

bool IsSpace(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// At most kShownBytesMax bytes, not cut inside a character.
std::string Shown(std::string_view text) { return CutText(text, kShownBytesMax); }

std::string AtByte(const char* what, int64_t at) {
  return std::string(what) + " (byte " + std::to_string(at) + " of the record)";
}

/// Where an incomplete UTF-8 sequence at the end of a text begins; its size if there is none.
size_t WithoutCutCharacter(const uint8_t* text, size_t bytes) {
  size_t at = bytes;
  for (int back = 0; back < 3 && at > 0; ++back) {
    const uint8_t c = text[--at];
    if ((c & 0xC0) == 0x80) continue;
    const int length = c >= 0xF8 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    return length > back + 1 ? at : bytes;
  }
  return bytes;
}

struct StringFault {
  WalkEnd end;
  size_t at;
  const char* what;
};

/// Why a text has no structural index although it is UTF-8. Like the index, it lets a backslash
/// take the next byte's meaning away outside of strings too; such a text is no JSON either way.
StringFault FindStringFault(const uint8_t* text, size_t bytes) {
  size_t open = 0;
  bool in_string = false;
  for (size_t at = 0; at < bytes; ++at) {
    const bool escaped = text[at] == '\\' && at + 1 < bytes;
    if (escaped) ++at;
    if (in_string && text[at] < 0x20) {
      return {WalkEnd::kSyntax, at, "a control character stands unescaped in a string"};
    }
    if (text[at] != '"' || escaped) continue;
    in_string = !in_string;
    open = at;
  }
  if (in_string) return {WalkEnd::kIncomplete, open, "a string is not closed"};
  return {WalkEnd::kSyntax, 0, "this is not JSON"};
}

}  // namespace

Result<std::unique_ptr<JsonlChunkParser>> JsonlChunkParser::Make(const Projection& projection) {
  ARROW_ASSIGN_OR_RAISE(auto walker, RecordWalker::Make(projection));
  return std::unique_ptr<JsonlChunkParser>(new JsonlChunkParser(std::move(walker)));
}

Result<RawBatch> JsonlChunkParser::Parse(const JsonlChunkContext& context, const Chunk& chunk) {
  const auto columns = static_cast<size_t>(context.schema->num_fields());
  text_ = chunk.bytes->data();
  bytes_ = static_cast<size_t>(chunk.bytes->size());
  byte_offset_ = chunk.byte_offset;
  batch_ = RawBatch();
  batch_.bytes_accounted = chunk.bytes_size();
  rows_ = 0;
  pieces_.clear();
  if (chunk.oversize_bytes > 0) {
    AddFault(0, static_cast<size_t>(chunk.oversize_bytes), "json.record_too_long", "");
  } else if (context.layout == JsonlLayout::kArray) {
    FindElements(context);
  } else if (context.layout == JsonlLayout::kConcatenated) {
    FindObjects();
  } else {
    FindLines(context);
  }

  TextColumns text_columns(columns);
  for (size_t first = 0; first < pieces_.size();) {
    const size_t last = SliceEnd(first);
    cells_.assign((last - first) * columns, JsonCell());
    slice_rows_ = 0;
    ARROW_RETURN_NOT_OK(ParseSlice(context, first, last));
    const double share = static_cast<double>(pieces_[last - 1].end + 1) /
                         static_cast<double>(std::max(bytes_, pieces_.back().end) + 1);
    ARROW_RETURN_NOT_OK(text_columns.Append(cells_, slice_rows_, share));
    first = last;
  }
  batch_.records = rows_ + static_cast<int64_t>(batch_.rejects.size());
  ARROW_ASSIGN_OR_RAISE(batch_.columns, text_columns.Finish(context.schema));
  return std::move(batch_);
}

// Faults stand alone: what they cover, which may be much, is not indexed.
size_t JsonlChunkParser::SliceEnd(size_t first) const {
  size_t last = first + 1;
  if (pieces_[first].rule != nullptr) return last;
  while (last < pieces_.size() && pieces_[last].rule == nullptr &&
         pieces_[last].end - pieces_[first].begin <= kSliceBytes) {
    ++last;
  }
  return last;
}

JsonlChunkParser::Piece JsonlChunkParser::Trimmed(size_t begin, size_t end) const {
  while (begin < end && IsSpace(text_[begin])) ++begin;
  while (end > begin && IsSpace(text_[end - 1])) --end;
  Piece piece;
  piece.begin = begin;
  piece.end = end;
  return piece;
}

void JsonlChunkParser::AddFault(size_t begin, size_t end, const char* rule, const char* message) {
  Piece piece;
  piece.begin = begin;
  piece.end = end;
  piece.rule = rule;
  piece.message = message;
  pieces_.push_back(piece);
}

void JsonlChunkParser::FindLines(const JsonlChunkContext& context) {
  for (size_t begin = 0; begin < bytes_;) {
    const void* newline = std::memchr(text_ + begin, '\n', bytes_ - begin);
    const bool terminated = newline != nullptr;
    const size_t end =
        terminated ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - text_) : bytes_;
    const size_t next = end + (terminated ? 1 : 0);
    if (end - begin > static_cast<size_t>(context.record_bytes_max)) {
      AddFault(begin, next, "json.record_too_long", "");
    } else {
      Piece piece = Trimmed(begin, end);
      piece.unterminated = !terminated;
      if (piece.begin < piece.end) pieces_.push_back(piece);
    }
    begin = next;
  }
}

// The cutter's promises about where chunks end (jsonl_cutter.h) tell the cases apart.
void JsonlChunkParser::FindElements(const JsonlChunkContext& context) {
  ArrayScanner scanner;
  size_t begin = 0;
  while (begin < bytes_ || bytes_ == 0) {
    const size_t end = scanner.Find(text_, begin, bytes_);
    if (end == bytes_) {  // the file ends without ']'
      Piece piece = Trimmed(begin, end);
      piece.unterminated = true;
      if (piece.begin == piece.end) {
        AddFault(bytes_, bytes_, "json.truncated", kNotClosed);
      } else {
        pieces_.push_back(piece);
      }
      return;
    }
    const bool closes = text_[end] == ']';
    const Piece piece = Trimmed(begin, end);
    const bool nothing = piece.begin == piece.end;
    const bool first = byte_offset_ == context.header_bytes && begin == 0;
    if (!(nothing && closes && first)) AddElement(piece, end);
    begin = end + 1;
    if (!closes) continue;
    const Piece rest = Trimmed(begin, bytes_);
    if (rest.begin < rest.end) {
      AddFault(rest.begin, rest.end, "json.syntax", "text follows the end of the array");
    }
    return;
  }
}

void JsonlChunkParser::FindObjects() {
  ObjectScanner scanner;
  for (size_t begin = 0; begin < bytes_;) {
    size_t end = begin;
    const bool ends = scanner.Find(text_, begin, bytes_, &end);
    Piece piece = Trimmed(begin, end);
    // Of the two ways to end only this one can be seen in a chunk that ends there.
    piece.unterminated = !(ends && text_[end - 1] == '}');
    if (piece.begin < piece.end) pieces_.push_back(piece);
    begin = end;
  }
}

void JsonlChunkParser::AddElement(const Piece& piece, size_t end) {
  if (piece.begin < piece.end) {
    pieces_.push_back(piece);
  } else {
    AddFault(end, end, "json.syntax",
             "an element is missing before a comma or the closing bracket");
  }
}

Status JsonlChunkParser::ParseSlice(const JsonlChunkContext& context, size_t first, size_t last) {
  const size_t columns = static_cast<size_t>(context.schema->num_fields());
  if (pieces_[first].rule != nullptr) {
    AddReject(pieces_[first], pieces_[first].rule, pieces_[first].message);
    return Status::OK();
  }
  const size_t begin = pieces_[first].begin;
  const size_t end = pieces_[last - 1].end;
  walker_->StartCells(2 * (end - begin));  // a record may be walked twice, together and alone
  bool together = walker_->Index(text_ + begin, end - begin);
  for (size_t i = first; i < last; ++i) {
    const Piece& piece = pieces_[i];
    JsonCell* const cells = cells_.data() + static_cast<size_t>(slice_rows_) * columns;
    WalkOutcome outcome;
    if (together) {
      outcome = walker_->Walk(piece.begin - begin, piece.end - begin, cells);
      // Elements and objects were found by other rules than the index: a backslash outside a string
      // makes them disagree about what follows. Lines cannot: a newline ends every string.
      if (context.layout != JsonlLayout::kLines && outcome.end != WalkEnd::kGood) together = false;
    }
    if (!together) outcome = WalkAlone(piece, cells);
    Finish(piece, outcome);
    if (outcome.end != WalkEnd::kGood) {
      std::fill(cells, cells + columns, JsonCell());
    } else if (context.layout == JsonlLayout::kArray && piece.unterminated) {
      Piece missing;
      missing.begin = missing.end = bytes_;
      AddReject(missing, "json.truncated", kNotClosed);
    }
  }
  return Status::OK();
}

WalkOutcome JsonlChunkParser::WalkAlone(const Piece& piece, JsonCell* cells) {
  const size_t bytes = piece.end - piece.begin;
  if (walker_->Index(text_ + piece.begin, bytes)) return walker_->Walk(0, bytes, cells);
  return WalkUnindexable(piece);
}

WalkOutcome JsonlChunkParser::WalkUnindexable(const Piece& piece) const {
  const uint8_t* const text = text_ + piece.begin;
  const size_t bytes = piece.end - piece.begin;
  WalkOutcome outcome;
  if (!RecordWalker::ValidUtf8(text, bytes)) {
    const bool cut =
        piece.unterminated && RecordWalker::ValidUtf8(text, WithoutCutCharacter(text, bytes));
    outcome.end = cut ? WalkEnd::kIncomplete : WalkEnd::kBadUtf8;
    outcome.at = static_cast<int64_t>(bytes);
    outcome.what = "the record ends inside a character";
    return outcome;
  }
  const StringFault fault = FindStringFault(text, bytes);
  outcome.end = fault.end;
  outcome.at = static_cast<int64_t>(fault.at);
  outcome.what = fault.what;
  return outcome;
}

void JsonlChunkParser::Finish(const Piece& piece, const WalkOutcome& outcome) {
  switch (outcome.end) {
    case WalkEnd::kGood:
      return AddRow(piece);
    case WalkEnd::kSyntax:
      return AddReject(piece, "json.syntax", AtByte(outcome.what, outcome.at));
    case WalkEnd::kIncomplete:
      return AddReject(piece, piece.unterminated ? "json.truncated" : "json.syntax",
                       AtByte(outcome.what, outcome.at));
    case WalkEnd::kBadUtf8:
      return AddReject(piece, "json.bad_utf8", "the record is not valid UTF-8");
    case WalkEnd::kLoneSurrogate:
      return AddReject(piece, "json.lone_surrogate", AtByte(outcome.what, outcome.at));
    case WalkEnd::kTooDeep:
      return AddReject(piece, "json.too_deep", AtByte(outcome.what, outcome.at));
    case WalkEnd::kNotAnObject:
      return AddReject(piece, "json.not_an_object", "the record is JSON, but not an object");
    case WalkEnd::kDuplicateKey:
      return AddReject(piece, "json.duplicate_key",
                       AtByte("a member name stands twice in one object", outcome.at),
                       Shown(outcome.name));
    case WalkEnd::kUnknownField:
      return AddReject(piece, "json.unknown_field",
                       AtByte("the contract does not know this member", outcome.at),
                       Shown(outcome.name));
  }
}

void JsonlChunkParser::AddRow(const Piece& piece) {
  if (!batch_.rejects.empty()) {
    const size_t record = static_cast<size_t>(rows_) + batch_.rejects.size();
    batch_.record_of_row.push_back(static_cast<uint32_t>(record));
  }
  batch_.extents.push_back(
      {static_cast<uint32_t>(piece.begin), static_cast<uint32_t>(piece.end - piece.begin)});
  for (const JsonCellError& error : walker_->cell_errors()) {
    batch_.cell_errors.push_back({rows_, error.column, error.rule, Shown(error.text)});
  }
  ++rows_;
  ++slice_rows_;
}

void JsonlChunkParser::AddReject(const Piece& piece, const char* rule, std::string message,
                                 std::string value) {
  if (batch_.rejects.empty()) {  // until now row i was record i
    for (int64_t row = 0; row < rows_; ++row) {
      batch_.record_of_row.push_back(static_cast<uint32_t>(row));
    }
  }
  Reject reject;
  reject.record = rows_ + static_cast<int64_t>(batch_.rejects.size());
  reject.byte_offset = byte_offset_ + static_cast<int64_t>(piece.begin);
  reject.byte_length = static_cast<int64_t>(piece.end - piece.begin);
  reject.rule = rule;
  reject.message = std::move(message);
  reject.value = std::move(value);
  const size_t raw_end = std::min({piece.end, bytes_, piece.begin + size_t{kRejectRawBytesMax}});
  reject.raw.assign(reinterpret_cast<const char*>(text_ + piece.begin), raw_end - piece.begin);
  batch_.rejects.push_back(std::move(reject));
}

}  // namespace millrace::io
