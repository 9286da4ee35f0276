#include "io/jsonl/record_walker.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "io/jsonl/json_unescape.h"

namespace millrace::io {
namespace {

enum : uint8_t { kSpace = 1, kEndsScalar = 2, kDigit = 4 };

constexpr std::array<uint8_t, 256> MakeCharKinds() {
  std::array<uint8_t, 256> kinds{};
  for (char c : {' ', '\t', '\n', '\r'}) kinds[static_cast<uint8_t>(c)] = kSpace | kEndsScalar;
  for (char c : {',', ':', '[', ']', '{', '}'}) kinds[static_cast<uint8_t>(c)] = kEndsScalar;
  for (char c = '0'; c <= '9'; ++c) kinds[static_cast<uint8_t>(c)] = kDigit;
  return kinds;
}
constexpr std::array<uint8_t, 256> kCharKinds = MakeCharKinds();

bool IsSpace(uint8_t c) { return (kCharKinds[c] & kSpace) != 0; }
bool IsDigit(uint8_t c) { return (kCharKinds[c] & kDigit) != 0; }

/// One past the number at `at`, or null. Stops at the first byte that cannot belong to it.
const uint8_t* SkipNumber(const uint8_t* at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  if (*at == '.') {
    if (!IsDigit(*++at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  return at;
}

/// True when `rest`, up to the record's end, is the beginning of a scalar that was cut off.
bool MayGoOn(std::string_view rest) {
  for (std::string_view literal : {"true", "false", "null"}) {
    if (literal.substr(0, rest.size()) == rest) return true;
  }
  return rest.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

std::string_view ViewOf(const uint8_t* data, size_t bytes) {
  return {reinterpret_cast<const char*>(data), bytes};
}
const uint8_t* BytesOf(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

}  // namespace

// The first stage is an internal interface of simdjson, stable within the pinned version. It is
// used because the public ones either build a whole document or leave skipped values unchecked.
struct RecordWalker::Simdjson {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;

  simdjson::error_code Index(const uint8_t* text, size_t bytes) {
    constexpr size_t kUsual = 256 << 10;
    const size_t wanted = std::max(bytes, kUsual);
    // Four bytes of index per byte of text: what one long record needed is given back.
    if (capacity < bytes || capacity > 4 * wanted) {
      parser.reset();
      const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
          wanted, 1, parser);
      if (error) return error;
      capacity = wanted;
    }
    return parser->stage1(text, bytes, simdjson::stage1_mode::regular);
  }
};

RecordWalker::RecordWalker(std::unique_ptr<RequestTree> tree, UnknownFields unknown)
    : tree_(std::move(tree)),
      reject_unknown_(unknown == UnknownFields::kReject),
      simdjson_(std::make_unique<Simdjson>()) {}
RecordWalker::~RecordWalker() = default;

Result<std::unique_ptr<RecordWalker>> RecordWalker::Make(const Projection& projection) {
  ARROW_ASSIGN_OR_RAISE(auto tree, RequestTree::Make(projection));
  std::unique_ptr<RecordWalker> walker(new RecordWalker(std::move(tree), projection.unknown));
  for (const FieldRequest& request : projection.fields) {
    walker->wants_json_.push_back(request.wants_json || request.raw_json);
    walker->raw_json_.push_back(request.raw_json);
  }
  return walker;
}

bool RecordWalker::ValidUtf8(const uint8_t* text, size_t bytes) {
  return simdjson::validate_utf8(reinterpret_cast<const char*>(text), bytes);
}

void RecordWalker::StartCells(size_t bytes) {
  arena_used_ = 0;
  constexpr size_t kKeep = 1 << 20;
  const size_t wanted = bytes + kPadding;
  if (arena_.size() < wanted || (arena_.size() > kKeep && arena_.size() / 4 > wanted)) {
    arena_ = std::vector<uint8_t>(wanted);
  }
}

bool RecordWalker::Index(const uint8_t* text, size_t bytes) {
  text_ = text;
  text_bytes_ = bytes;
  next_ = nullptr;
  const simdjson::error_code error = simdjson_->Index(text, bytes);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error != simdjson::SUCCESS) return false;
  next_ = simdjson_->parser->structural_indexes.get();
  const void* found = std::memchr(text, '\\', bytes);
  backslash_ = found != nullptr ? static_cast<const uint8_t*>(found) : text + bytes;
  return true;
}

WalkOutcome RecordWalker::Walk(size_t begin, size_t end, JsonCell* cells) {
  begin_ = begin;
  end_ = end;
  cells_ = cells;
  outcome_ = WalkOutcome();
  deferred_ = WalkOutcome();
  cell_errors_.clear();
  extra_names_.clear();
  while (*next_ < begin) ++next_;
  const Index32 first = next_;
  const bool is_object = *first < end && text_[*first] == '{';
  const Index32 last = Value(first, is_object ? &tree_->root() : nullptr, 0);
  if (last != nullptr) {
    next_ = last;
    if (*last < end) {
      Fail(WalkEnd::kSyntax, *last, "more text follows the value");
    } else if (!is_object) {
      outcome_.end = WalkEnd::kNotAnObject;
    } else if (deferred_.end != WalkEnd::kGood) {
      outcome_ = std::move(deferred_);
    }
  }
  if (cell_errors_.size() > 1) {
    std::sort(cell_errors_.begin(), cell_errors_.end(),
              [](const auto& a, const auto& b) { return a.column < b.column; });
  }
  return std::move(outcome_);
}

std::nullptr_t RecordWalker::Fail(WalkEnd end, size_t at, const char* what) {
  outcome_.end = end;
  outcome_.at = static_cast<int64_t>(at - begin_);
  outcome_.what = what;
  return nullptr;
}

bool RecordWalker::Ends(uint32_t at) {
  if (at < end_) [[likely]]
    return false;
  Fail(WalkEnd::kIncomplete, end_, "the record ends in the middle");
  return true;
}

RecordWalker::Index32 RecordWalker::Value(Index32 at, RequestNode* node, int depth) {
  if (Ends(*at)) return nullptr;
  switch (text_[*at]) {
    case '"':
      return String(at, node);
    case '{':
      return Object(at, node, depth + 1);
    case '[':
      return Array(at, node, depth + 1);
    default:
      return Scalar(at, node);
  }
}

RecordWalker::Index32 RecordWalker::Object(Index32 at, RequestNode* node, int depth) {
  const uint32_t open = *at;
  if (depth > kDepthMax) return Fail(WalkEnd::kTooDeep, open, "too many levels of nesting");
  const uint64_t object = ++objects_;
  const size_t extra_names = extra_names_.size();
  int32_t guess = node != nullptr ? node->first : -1;
  int32_t before = -1;
  ++at;
  if (Ends(*at)) return nullptr;
  if (text_[*at] == '}') {
    ++at;
  } else {
    while (true) {
      int32_t member = -1;
      if (!Name(at, node, guess, object, &member)) return nullptr;
      RequestNode* value_node = nullptr;
      if (member >= 0) {
        (before < 0 ? node->first : node->members[static_cast<size_t>(before)].next) = member;
        before = member;
        RequestMember& known = node->members[static_cast<size_t>(member)];
        guess = known.next;
        const uint8_t first = at[2] < end_ ? text_[at[2]] : 0;
        value_node = first == '{' || first == '[' ? tree_->Grow(&known.node) : known.node.get();
      }
      at = Value(at + 2, value_node, depth);
      if (at == nullptr) return nullptr;
      if (Ends(*at)) return nullptr;
      const uint8_t c = text_[*at++];
      if (c == ',') continue;
      if (c == '}') break;
      return Fail(WalkEnd::kSyntax, at[-1], "expected ',' or '}' after a member");
    }
  }
  if (extra_names_.size() > extra_names) CheckExtraNames(extra_names);
  if (node != nullptr) {
    const size_t bytes = at[-1] + 1 - open;
    if (!node->columns.empty()) Store(*node, text_ + open, bytes);
    if (node->wants_array) WrongKind(*node, true, false, ViewOf(text_ + open, bytes));
  }
  return at;
}

RecordWalker::Index32 RecordWalker::Array(Index32 at, RequestNode* node, int depth) {
  const uint32_t open = *at;
  if (depth > kDepthMax) return Fail(WalkEnd::kTooDeep, open, "too many levels of nesting");
  ++at;
  if (Ends(*at)) return nullptr;
  if (text_[*at] == ']') {
    ++at;
  } else {
    for (int64_t index = 0;; ++index) {
      RequestNode* value_node = nullptr;
      if (node != nullptr) {
        value_node = node->indexed.empty() ? nullptr : node->IndexedAt(index);
        if (value_node == nullptr) value_node = tree_->Grow(&node->element);
      }
      at = Value(at, value_node, depth);
      if (at == nullptr) return nullptr;
      if (Ends(*at)) return nullptr;
      const uint8_t c = text_[*at++];
      if (c == ',') continue;
      if (c == ']') break;
      return Fail(WalkEnd::kSyntax, at[-1], "expected ',' or ']' after an element");
    }
  }
  if (node != nullptr) {
    const size_t bytes = at[-1] + 1 - open;
    if (!node->columns.empty()) Store(*node, text_ + open, bytes);
    if (node->wants_object) WrongKind(*node, false, true, ViewOf(text_ + open, bytes));
  }
  return at;
}

bool RecordWalker::Content(Index32 at, std::string_view* content) {
  const uint32_t open = *at;
  // Between a string and the next structural character stands nothing but white space.
  size_t close = std::min<size_t>(at[1], end_) - 1;
  while (IsSpace(text_[close])) --close;
  if (close <= open || text_[close] != '"') {
    Fail(WalkEnd::kSyntax, open, "a string is not closed");
    return false;
  }
  *content = ViewOf(text_ + open + 1, close - open - 1);
  return true;
}

bool RecordWalker::HasEscape(std::string_view content) {
  const uint8_t* const begin = BytesOf(content);
  if (backslash_ < begin) {
    const uint8_t* const end = text_ + text_bytes_;
    const void* found = std::memchr(begin, '\\', static_cast<size_t>(end - begin));
    backslash_ = found != nullptr ? static_cast<const uint8_t*>(found) : end;
  }
  return backslash_ < begin + content.size();
}

bool RecordWalker::Unescape(std::string_view content, std::string_view* text) {
  uint8_t* const out = text != nullptr ? arena_.data() + arena_used_ : nullptr;
  const Unescaped done = UnescapeJson(content, out);
  if (done.error != EscapeError::kNone) {
    const auto at = static_cast<size_t>(done.error_at - text_);
    if (done.error == EscapeError::kLoneSurrogate) {
      Fail(WalkEnd::kLoneSurrogate, at, "half of a surrogate pair");
    } else {
      Fail(WalkEnd::kSyntax, at, "an escape that JSON does not have");
    }
    return false;
  }
  if (text != nullptr) {
    *text = ViewOf(out, static_cast<size_t>(done.end - out));
    arena_used_ += text->size();
  }
  return true;
}

// The member that came here in the last object comes again, written the same way: `"name":`. The
// colon is the next structural character, so all before it is this name.
bool RecordWalker::IsGuess(Index32 at, const RequestMember& member) const {
  const uint32_t begin = *at + 1;
  return at[1] < end_ && at[1] == begin + member.name_bytes + 1 && text_[at[1]] == ':' &&
         text_[at[1] - 1] == '"' && text_[*at] == '"' && member.IsNamed(text_ + begin) &&
         !member.has_escape;
}

bool RecordWalker::Name(Index32 at, RequestNode* node, int32_t guess, uint64_t object,
                        int32_t* member) {
  if (guess >= 0) {
    RequestMember& expected = node->members[static_cast<size_t>(guess)];
    if (IsGuess(at, expected)) [[likely]] {
      *member = guess;
      const auto name = [&] { return ViewOf(text_ + *at + 1, expected.name_bytes); };
      if (expected.seen_in == object) NoteDuplicate(name(), *at);
      expected.seen_in = object;
      if (reject_unknown_ && !expected.known && node == &tree_->root()) NoteUnknown(name(), *at);
      return true;
    }
  }
  if (Ends(*at)) return false;
  if (text_[*at] != '"') {
    return Fail(WalkEnd::kSyntax, *at, "expected a member name in double quotes") != nullptr;
  }
  std::string_view name;
  if (!Content(at, &name)) return false;
  if (HasEscape(name) && !Unescape(name, &name)) return false;
  if (Ends(at[1])) return false;
  if (text_[at[1]] != ':') {
    return Fail(WalkEnd::kSyntax, at[1], "expected ':' after a member name") != nullptr;
  }
  if (node != nullptr) {
    *member = node->Find(BytesOf(name), static_cast<uint32_t>(name.size()), guess);
  }
  if (*member < 0 && node != nullptr) *member = tree_->Learn(node, name);
  bool known = false;
  if (*member < 0) {
    extra_names_.emplace_back(name, *at);
  } else {
    RequestMember& found = node->members[static_cast<size_t>(*member)];
    if (found.seen_in == object) NoteDuplicate(name, *at);
    found.seen_in = object;
    known = found.known;
  }
  if (reject_unknown_ && !known && node == &tree_->root()) NoteUnknown(name, *at);
  return true;
}

// Which duplicate is reported must not depend on what the tree has learned: the one whose second
// appearance comes first.
void RecordWalker::NoteDuplicate(std::string_view name, size_t at) {
  const auto place = static_cast<int64_t>(at - begin_);
  if (deferred_.end == WalkEnd::kDuplicateKey && deferred_.at <= place) return;
  deferred_ = {WalkEnd::kDuplicateKey, place, "", std::string(name)};
}

void RecordWalker::NoteUnknown(std::string_view name, size_t at) {
  if (deferred_.end != WalkEnd::kGood) return;
  deferred_ = {WalkEnd::kUnknownField, static_cast<int64_t>(at - begin_), "", std::string(name)};
}

void RecordWalker::CheckExtraNames(size_t first) {
  std::sort(extra_names_.begin() + static_cast<std::ptrdiff_t>(first), extra_names_.end());
  for (size_t i = first + 1; i < extra_names_.size(); ++i) {
    if (extra_names_[i].first == extra_names_[i - 1].first) {
      NoteDuplicate(extra_names_[i].first, extra_names_[i].second);
    }
  }
  extra_names_.resize(first);
}

RecordWalker::Index32 RecordWalker::String(Index32 at, RequestNode* node) {
  std::string_view content;
  if (!Content(at, &content)) return nullptr;
  if (node == nullptr || (node->columns.empty() && node->below.empty())) {
    if (HasEscape(content) && !Unescape(content, nullptr)) return nullptr;
    return at + 1;
  }
  const std::string_view raw(content.data() - 1, content.size() + 2);
  if (HasEscape(content) && !Unescape(content, &content)) return nullptr;
  for (int column : node->columns) {
    const std::string_view text = raw_json_[static_cast<size_t>(column)] ? raw : content;
    cells_[column] = {BytesOf(text), static_cast<uint32_t>(text.size())};
  }
  if (!node->below.empty()) WrongKind(*node, false, false, raw);
  return at + 1;
}

RecordWalker::Index32 RecordWalker::Scalar(Index32 at, RequestNode* node) {
  const uint8_t* const begin = text_ + *at;
  const uint8_t* end = nullptr;
  bool is_null = false;
  switch (*begin) {
    case 't':
      end = std::memcmp(begin, "true", 4) == 0 ? begin + 4 : nullptr;
      break;
    case 'f':
      end = std::memcmp(begin, "false", 5) == 0 ? begin + 5 : nullptr;
      break;
    case 'n':
      end = std::memcmp(begin, "null", 4) == 0 ? begin + 4 : nullptr;
      is_null = true;
      break;
    default:
      end = SkipNumber(begin);
      break;
  }
  const uint8_t* const record_end = text_ + end_;
  if (end == nullptr || end > record_end ||
      (end < record_end && (kCharKinds[*end] & kEndsScalar) == 0)) {
    const bool cut = MayGoOn(ViewOf(begin, static_cast<size_t>(record_end - begin)));
    return Fail(cut ? WalkEnd::kIncomplete : WalkEnd::kSyntax, *at, "expected a value");
  }
  if (node != nullptr && !is_null) {
    const auto bytes = static_cast<size_t>(end - begin);
    for (int column : node->columns) cells_[column] = {begin, static_cast<uint32_t>(bytes)};
    if (!node->below.empty()) WrongKind(*node, false, false, ViewOf(begin, bytes));
  }
  return at + 1;
}

void RecordWalker::Store(const RequestNode& node, const uint8_t* data, size_t bytes) {
  for (int column : node.columns) {
    if (wants_json_[static_cast<size_t>(column)]) {
      cells_[column] = {data, static_cast<uint32_t>(bytes)};
    } else {
      cell_errors_.push_back({column, "json.expected_scalar", ViewOf(data, bytes)});
    }
  }
}

void RecordWalker::WrongKind(const RequestNode& node, bool is_object, bool is_array,
                             std::string_view text) {
  for (const RequestBelow& request : node.below) {
    if (request.through_index ? is_array : is_object) continue;
    cell_errors_.push_back({request.column,
                            request.through_index ? "json.expected_array" : "json.expected_object",
                            text});
  }
}

}  // namespace millrace::io
