#include "source/rest/json_query.h"

#include <charconv>

#include "io/jsonl/json_unescape.h"
#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

constexpr int kDepthMax = 512;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads one JSON value front to back and remembers the pieces that a path means.
class Scanner {
 public:
  Scanner(std::string_view json, const std::vector<JsonQuery::Step>& steps,
          std::vector<std::string_view>* found)
      : json_(json), steps_(steps), found_(found) {}

  Status Document() {
    if (json_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
    ARROW_RETURN_NOT_OK(Value(0, 0));
    Blank();
    return at_ == json_.size() ? Status::OK() : Wrong("something follows the value");
  }

 private:
  static constexpr size_t kOff = SIZE_MAX;  // the value is not on the path's way

  Status Wrong(const std::string& what) const {
    return MakeError(kBadPage, what + " at byte " + std::to_string(at_));
  }

  void Blank() {
    while (at_ < json_.size() &&
           (json_[at_] == ' ' || json_[at_] == '\n' || json_[at_] == '\r' || json_[at_] == '\t')) {
      ++at_;
    }
  }
  bool Take(char c) {
    Blank();
    if (at_ >= json_.size() || json_[at_] != c) return false;
    ++at_;
    return true;
  }

  // `step`: the first step of the path that is still to be taken, or kOff.
  Status Value(size_t step, int depth) {
    Blank();
    if (at_ >= json_.size()) return Wrong("the text ends where a value is due");
    if (depth > kDepthMax) return Wrong("objects and arrays are nested too deep");
    const size_t begin = at_;
    const bool matches = step == steps_.size();
    const size_t slot = found_->size();
    if (matches) found_->emplace_back();
    if (matches) step = kOff;
    ARROW_RETURN_NOT_OK(Any(step, depth));
    if (matches) (*found_)[slot] = json_.substr(begin, at_ - begin);
    return Status::OK();
  }

  Status Any(size_t step, int depth) {
    switch (json_[at_]) {
      case '{':
        return Object(step, depth);
      case '[':
        return Array(step, depth);
      case '"':
        return Text().status();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }

  Status Object(size_t step, int depth) {
    ++at_;
    if (Take('}')) return Status::OK();
    bool taken = false;
    do {
      Blank();
      if (at_ >= json_.size() || json_[at_] != '"') return Wrong("a member's name is due");
      ARROW_ASSIGN_OR_RAISE(const std::string_view name, Text());
      if (!Take(':')) return Wrong("a colon is due");
      const bool meant = step != kOff && !taken && IsMember(steps_[step], name);
      taken = taken || meant;
      ARROW_RETURN_NOT_OK(Value(meant ? step + 1 : kOff, depth + 1));
    } while (Take(','));
    return Take('}') ? Status::OK() : Wrong("a comma or } is due");
  }

  static bool IsMember(const JsonQuery::Step& step, std::string_view quoted) {
    if (step.kind != JsonQuery::Step::Kind::kMember) return false;
    if (quoted.find('\\') == std::string_view::npos) {
      return quoted.substr(1, quoted.size() - 2) == step.member;
    }
    const Result<std::string> name = JsonScalarText(quoted);
    return name.ok() && *name == step.member;
  }

  Status Array(size_t step, int depth) {
    ++at_;
    if (Take(']')) return Status::OK();
    int64_t index = 0;
    do {
      const bool meant =
          step != kOff &&
          (steps_[step].kind == JsonQuery::Step::Kind::kEach ||
           (steps_[step].kind == JsonQuery::Step::Kind::kElement && steps_[step].element == index));
      ARROW_RETURN_NOT_OK(Value(meant ? step + 1 : kOff, depth + 1));
      ++index;
    } while (Take(','));
    return Take(']') ? Status::OK() : Wrong("a comma or ] is due");
  }

  // With its quotes.
  Result<std::string_view> Text() {
    const size_t begin = at_++;
    while (true) {
      const size_t stop = json_.find_first_of("\"\\", at_);
      if (stop == std::string_view::npos) {
        at_ = json_.size();
        return Wrong("a string does not end");
      }
      at_ = stop + 1;
      if (json_[stop] == '"') return json_.substr(begin, at_ - begin);
      if (at_ < json_.size()) ++at_;
    }
  }

  Status Word(std::string_view word) {
    if (json_.substr(at_, word.size()) != word) return Wrong("this is no value");
    at_ += word.size();
    return Status::OK();
  }

  size_t Digits() {
    const size_t begin = at_;
    while (at_ < json_.size() && IsDigit(json_[at_])) ++at_;
    return at_ - begin;
  }
  bool Is(const char* any) const {
    return at_ < json_.size() && std::string_view(any).find(json_[at_]) != std::string_view::npos;
  }

  Status Number() {
    if (Is("-")) ++at_;
    const bool zero = Is("0");
    const size_t digits = Digits();
    if (digits == 0) return Wrong("this is no value");
    if (zero && digits > 1) return Wrong("a number begins with a zero");
    if (Is(".")) {
      ++at_;
      if (Digits() == 0) return Wrong("digits are due behind the point");
    }
    if (Is("eE")) {
      ++at_;
      if (Is("+-")) ++at_;
      if (Digits() == 0) return Wrong("an exponent is due");
    }
    return Status::OK();
  }

  std::string_view json_;
  const std::vector<JsonQuery::Step>& steps_;
  std::vector<std::string_view>* found_;
  size_t at_ = 0;
};

// Reads a path.
class PathReader {
 public:
  explicit PathReader(std::string_view path) : path_(path) {}

  std::optional<JsonQueryFault> Read(std::vector<JsonQuery::Step>* steps) {
    if (path_.empty() || path_[0] != '$') return Fault(0, "a path begins with $");
    at_ = 1;
    while (at_ < path_.size()) {
      JsonQuery::Step step;
      std::optional<JsonQueryFault> fault;
      if (path_[at_] == '.') {
        fault = Name(&step);
      } else if (path_[at_] == '[') {
        fault = Bracket(&step);
      } else {
        fault = Fault(at_, "a `.` or `[` is due here");
      }
      if (fault) return fault;
      steps->push_back(std::move(step));
    }
    return std::nullopt;
  }

 private:
  static JsonQueryFault Fault(size_t at, std::string message) {
    return {static_cast<int>(at), std::move(message)};
  }

  std::optional<JsonQueryFault> Name(JsonQuery::Step* step) {
    const size_t begin = ++at_;
    if (begin < path_.size() && path_[begin] == '.') {
      return Fault(begin, "`..` is not supported: name every step");
    }
    at_ = std::min(path_.find_first_of(".[", begin), path_.size());
    step->member = std::string(path_.substr(begin, at_ - begin));
    if (step->member.empty()) return Fault(begin - 1, "a name is due behind the `.`");
    if (step->member == "*") return Fault(begin, "write [*] for every element of an array");
    const size_t odd = step->member.find_first_of(" ?()@'\"]");
    if (odd != std::string::npos) {
      return Fault(begin + odd, "quote a name with this character: ['...']");
    }
    return std::nullopt;
  }

  std::optional<JsonQueryFault> Bracket(JsonQuery::Step* step) {
    const size_t begin = at_++;
    if (at_ < path_.size() && (path_[at_] == '\'' || path_[at_] == '"')) {
      const char quote = path_[at_++];
      while (at_ < path_.size() && path_[at_] != quote) {
        if (path_[at_] == '\\' && at_ + 1 < path_.size()) ++at_;
        step->member += path_[at_++];
      }
      if (at_ >= path_.size()) return Fault(begin + 1, "the quoted name does not end");
      ++at_;
    } else if (at_ < path_.size() && path_[at_] == '*') {
      step->kind = JsonQuery::Step::Kind::kEach;
      ++at_;
    } else {
      step->kind = JsonQuery::Step::Kind::kElement;
      const auto [end, error] =
          std::from_chars(path_.data() + at_, path_.data() + path_.size(), step->element);
      const auto stop = static_cast<size_t>(end - path_.data());
      if (error != std::errc() || step->element < 0) {
        return Fault(at_, "an element's number from 0, `*` or a quoted name is due here");
      }
      at_ = stop;
    }
    if (at_ >= path_.size() || path_[at_] != ']')
      return Fault(std::min(at_, path_.size()), "a `]` is due here");
    ++at_;
    return std::nullopt;
  }

  std::string_view path_;
  size_t at_ = 0;
};

}  // namespace

std::optional<JsonQueryFault> JsonQuery::Parse(std::string_view path, JsonQuery* query) {
  JsonQuery parsed;
  parsed.text_ = std::string(path);
  const auto fault = PathReader(path).Read(&parsed.steps_);
  if (!fault) *query = std::move(parsed);
  return fault;
}

JsonQuery JsonQuery::OfMember(const std::string& name) {
  JsonQuery query;
  query.steps_.push_back({Step::Kind::kMember, name, 0});
  query.text_ = name;
  return query;
}

JsonQuery JsonQuery::Prefix(size_t steps) const {
  JsonQuery prefix;
  for (size_t i = 0; i < steps && i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    prefix.steps_.push_back(step);
    prefix.text_ += step.kind == Step::Kind::kMember    ? '.' + step.member
                    : step.kind == Step::Kind::kElement ? '[' + std::to_string(step.element) + ']'
                                                        : "[*]";
  }
  return prefix;
}

Result<std::vector<std::string_view>> JsonQuery::Find(std::string_view json) const {
  std::vector<std::string_view> found;
  ARROW_RETURN_NOT_OK(Scanner(json, steps_, &found).Document());
  return found;
}

Result<std::optional<std::string_view>> JsonQuery::FindOne(std::string_view json) const {
  ARROW_ASSIGN_OR_RAISE(const auto found, Find(json));
  if (found.empty() || found[0] == "null") return std::nullopt;
  if (found.size() > 1) {
    return MakeError(kBadPage, "`" + text_ + "` means " + std::to_string(found.size()) +
                                   " values where one is due");
  }
  return found[0];
}

JsonQuery JsonQuery::Container() const {
  JsonQuery container;
  const size_t each = text_.find("[*]");
  container.text_ = text_.substr(0, each);
  for (const Step& step : steps_) {
    if (step.kind == Step::Kind::kEach) break;
    container.steps_.push_back(step);
  }
  return container;
}

Result<std::string> JsonScalarText(std::string_view piece) {
  if (piece.empty() || piece[0] != '"') return std::string(piece);
  const std::string_view inside = piece.substr(1, piece.size() - 2);
  std::string text(inside.size(), '\0');
  const io::Unescaped unescaped = io::UnescapeJson(inside, reinterpret_cast<uint8_t*>(text.data()));
  if (unescaped.error != io::EscapeError::kNone) {
    return MakeError(kBadPage, "a string holds a bad escape");
  }
  text.resize(static_cast<size_t>(unescaped.end - reinterpret_cast<uint8_t*>(text.data())));
  return text;
}

Result<std::vector<std::string_view>> JsonElements(std::string_view piece) {
  if (piece.empty() || piece[0] != '[') return std::vector<std::string_view>{piece};
  static const JsonQuery* each = [] {
    auto* query = new JsonQuery;
    JsonQuery::Parse("$[*]", query);
    return query;
  }();
  return each->Find(piece);
}

}  // namespace millrace::source::rest
