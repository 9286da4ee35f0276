#include "io/jsonl/json_path.h"

#include <algorithm>

namespace millrace::io {
namespace {

constexpr int64_t kIndexMax = 1'000'000'000;

class PathParser {
 public:
  explicit PathParser(std::string_view path) : path_(path) {}

  Result<std::vector<JsonPathStep>> Parse() {
    std::vector<JsonPathStep> steps;
    bool name_expected = true;  // at the start and after a dot
    do {
      JsonPathStep step;
      if (!name_expected || Peek() == '[') {
        ARROW_ASSIGN_OR_RAISE(step, Bracket());
      } else {
        ARROW_ASSIGN_OR_RAISE(step, Name());
      }
      steps.push_back(std::move(step));
      name_expected = Peek() == '.';
      if (name_expected) ++at_;
    } while (name_expected || at_ < path_.size());
    return steps;
  }

 private:
  char Peek() const { return at_ < path_.size() ? path_[at_] : '\0'; }

  Result<JsonPathStep> Name() {
    const size_t end = std::min(path_.find_first_of(".[", at_), path_.size());
    if (end == at_) return Wrong("a member name is expected");
    JsonPathStep step;
    step.member = path_.substr(at_, end - at_);
    if (step.member.find_first_of("\"]") != std::string::npos) {
      return Wrong("a name with quotes or brackets is written [\"...\"]");
    }
    at_ = end;
    return step;
  }

  Result<JsonPathStep> Bracket() {
    if (Peek() != '[') return Wrong("expected '.' or '['");
    ++at_;
    JsonPathStep step;
    if (Peek() == '"') {
      ARROW_RETURN_NOT_OK(QuotedName(&step.member));
    } else {
      ARROW_RETURN_NOT_OK(Index(&step.index));
    }
    if (Peek() != ']') return Wrong("expected ']'");
    ++at_;
    return step;
  }

  Status QuotedName(std::string* name) {
    for (++at_; at_ < path_.size() && path_[at_] != '"'; ++at_) {
      if (path_[at_] == '\\' && ++at_ == path_.size()) break;
      name->push_back(path_[at_]);
    }
    if (at_ >= path_.size()) return Wrong("the quoted name is not closed");
    ++at_;
    return Status::OK();
  }

  Status Index(int64_t* index) {
    const size_t begin = at_;
    int64_t value = 0;
    while (at_ < path_.size() && path_[at_] >= '0' && path_[at_] <= '9' && value <= kIndexMax) {
      value = value * 10 + (path_[at_++] - '0');
    }
    if (at_ == begin || value > kIndexMax) {
      return Wrong("expected an index of 0 or more, or a name in double quotes");
    }
    *index = value;
    return Status::OK();
  }

  Status Wrong(const std::string& what) const {
    return MakeError(ErrorCode::kBadValue,
                     "the path `" + std::string(path_) + "` is wrong at character " +
                         std::to_string(at_ + 1) + ": " + what,
                     "write for example doc.id, tags[0] or doc[\"odd name\"]");
  }

  std::string_view path_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<JsonPathStep>> ParseJsonPath(std::string_view path) {
  return PathParser(path).Parse();
}

std::string JsonPathOf(std::string_view member) {
  if (!member.empty() && member.find_first_of(".[]\"") == std::string_view::npos) {
    return std::string(member);
  }
  std::string path = "[\"";
  for (char c : member) {
    if (c == '"' || c == '\\') path.push_back('\\');
    path.push_back(c);
  }
  return path + "\"]";
}

}  // namespace millrace::io
