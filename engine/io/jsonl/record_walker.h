// Checks one JSON record strictly (RFC 8259, no duplicate names) and picks the requested values out
// of it, in one pass over the structural characters that simdjson's first stage finds.
//
// Index() runs that stage over many records at once; Walk() then takes them one by one.
//
// Thread-safety: none; a reader keeps one walker per thread that parses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/jsonl/request_tree.h"

namespace millrace::io {

/// A value's text, in the indexed text or in the walker's arena; null when data is null. 16 bytes
/// behind its end can be read.
struct JsonCell {
  const uint8_t* data = nullptr;
  uint32_t bytes = 0;
};

enum class WalkEnd {
  kGood,
  kSyntax,
  kIncomplete,  // the record ends where more must follow
  kBadUtf8,
  kLoneSurrogate,
  kTooDeep,
  kNotAnObject,
  kDuplicateKey,
  kUnknownField,
};

struct WalkOutcome {
  WalkEnd end = WalkEnd::kGood;
  int64_t at = 0;         // byte in the record
  const char* what = "";  // one clause, for syntax errors
  std::string name = {};  // of the member, for kDuplicateKey and kUnknownField
};

/// A value that is not of the kind its request needs.
struct JsonCellError {
  int column = 0;
  const char* rule = "";
  std::string_view text;  // as it stands in the record
};

class RecordWalker {
 public:
  /// Deeper nesting is rejected.
  static constexpr int kDepthMax = 512;

  static Result<std::unique_ptr<RecordWalker>> Make(const Projection& projection);
  ~RecordWalker();

  static bool ValidUtf8(const uint8_t* text, size_t bytes);

  /// Forgets the cells of earlier walks, and makes room for those of texts of `bytes` in all.
  void StartCells(size_t bytes);

  /// Prepares Walk over records inside `text`, which has kPadding readable bytes behind it (zeros,
  /// where they are not the file's) and must outlive the walks. False when the text is not valid
  /// UTF-8, or a string is not closed or holds a control character.
  bool Index(const uint8_t* text, size_t bytes);

  /// The record at [begin, end) of the indexed text; records are walked in order. `cells` has one
  /// place per request, all null.
  WalkOutcome Walk(size_t begin, size_t end, JsonCell* cells);
  /// Of the last record walked, sorted by column.
  const std::vector<JsonCellError>& cell_errors() const { return cell_errors_; }

  static constexpr size_t kPadding = 64;

 private:
  struct Simdjson;
  using Index32 = const uint32_t*;  // a place in the list of structural characters

  explicit RecordWalker(std::unique_ptr<RequestTree> tree, UnknownFields unknown);

  // Each takes the place of a value's first structural character and returns the place behind the
  // value, or null after Fail.
  Index32 Object(Index32 at, RequestNode* node, int depth);
  Index32 Array(Index32 at, RequestNode* node, int depth);
  Index32 Value(Index32 at, RequestNode* node, int depth);
  Index32 String(Index32 at, RequestNode* node);
  Index32 Scalar(Index32 at, RequestNode* node);

  bool IsGuess(Index32 at, const RequestMember& member) const;
  /// The member named by the string at `at`, checked; false after Fail.
  bool Name(Index32 at, RequestNode* node, int32_t guess, uint64_t object, int32_t* member);
  void CheckExtraNames(size_t first);
  /// What stands between the quotes of the string at `at`; false after Fail.
  bool Content(Index32 at, std::string_view* content);
  bool HasEscape(std::string_view content);
  bool Unescape(std::string_view content, std::string_view* text);

  void Store(const RequestNode& node, const uint8_t* data, size_t bytes);
  void WrongKind(const RequestNode& node, bool is_object, bool is_array, std::string_view text);
  void NoteDuplicate(std::string_view name, size_t at);
  void NoteUnknown(std::string_view name, size_t at);
  std::nullptr_t Fail(WalkEnd end, size_t at, const char* what);
  bool Ends(uint32_t at);

  std::unique_ptr<RequestTree> tree_;
  const bool reject_unknown_;
  std::vector<bool> wants_json_, raw_json_;
  std::unique_ptr<Simdjson> simdjson_;

  const uint8_t* text_ = nullptr;
  size_t text_bytes_ = 0;
  Index32 next_ = nullptr;              // the first structural character no record has used
  const uint8_t* backslash_ = nullptr;  // the first one not yet passed; the text's end if none

  size_t begin_ = 0, end_ = 0;  // the record
  JsonCell* cells_ = nullptr;
  WalkOutcome outcome_;
  WalkOutcome deferred_;  // reported when the record is good JSON otherwise
  std::vector<JsonCellError> cell_errors_;
  std::vector<std::pair<std::string_view, size_t>> extra_names_;  // the tree has no place for them
  uint64_t objects_ = 0;

  std::vector<uint8_t> arena_;  // unescaped text, which is never longer than the escaped
  size_t arena_used_ = 0;
};

}  // namespace millrace::io
