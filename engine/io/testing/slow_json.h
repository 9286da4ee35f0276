// A JSON parser that is slow and obvious: one byte after the other, a tree of values. The oracle
// for the fast one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::io::testing {

struct SlowMember;

struct SlowValue {
  enum Kind { kNull, kScalar, kObject, kArray };
  Kind kind = kNull;
  std::string text;  // of a scalar: unescaped
  std::string raw;   // as it stands in the record
  std::vector<SlowMember> members;
  std::vector<SlowValue> elements;

  // A null where there is none.
  const SlowValue* Member(const std::string& name) const;
  const SlowValue* Element(int64_t index) const;
};

struct SlowMember {
  std::string name;
  SlowValue value;
};

inline const SlowValue* NoSlowValue() {
  static const SlowValue value;
  return &value;
}

inline const SlowValue* SlowValue::Member(const std::string& name) const {
  for (const SlowMember& member : members) {
    if (member.name == name) return &member.value;
  }
  return NoSlowValue();
}

inline const SlowValue* SlowValue::Element(int64_t index) const {
  return index < static_cast<int64_t>(elements.size()) ? &elements[static_cast<size_t>(index)]
                                                       : NoSlowValue();
}

struct SlowFault {
  std::string rule;  // or "json.incomplete" and "json.cut_character" where the text ends too early
};

class SlowJson {
 public:
  explicit SlowJson(std::string text) : text_(std::move(text)) {}

  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  /// Throws SlowFault.
  SlowValue Parse() {
    CheckUtf8();
    CheckStrings();
    SlowValue value = Value(0);
    Space();
    if (at_ < text_.size()) throw SlowFault{"json.syntax"};
    return value;
  }
  /// The name whose second appearance in one object comes first.
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  uint8_t Byte(size_t at) const { return at < text_.size() ? static_cast<uint8_t>(text_[at]) : 0; }

  void CheckUtf8() const {
    for (size_t at = 0; at < text_.size();) {
      const uint8_t c = Byte(at);
      const size_t bytes = c < 0x80         ? 1
                           : (c >> 5) == 6  ? 2
                           : (c >> 4) == 14 ? 3
                           : (c >> 3) == 30 ? 4
                                            : 0;
      if (bytes == 0) throw SlowFault{"json.bad_utf8"};
      uint32_t code = bytes == 1 ? c : c & (0x7Fu >> bytes);
      for (size_t i = 1; i < bytes; ++i) {
        if (at + i == text_.size()) throw SlowFault{"json.cut_character"};
        if ((Byte(at + i) & 0xC0) != 0x80) throw SlowFault{"json.bad_utf8"};
        code = code << 6 | (Byte(at + i) & 0x3F);
      }
      static const uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
      if (code < kLeast[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        throw SlowFault{"json.bad_utf8"};
      }
      at += bytes;
    }
  }

  // Faults of strings are found before all others, and a backslash takes the meaning of what
  // follows wherever it stands: which of several faults is reported is a matter of definition.
  void CheckStrings() const {
    bool in_string = false;
    for (size_t at = 0; at < text_.size(); ++at) {
      const bool escaped = text_[at] == '\\' && at + 1 < text_.size();
      if (escaped) ++at;
      if (in_string && Byte(at) < 0x20) throw SlowFault{"json.syntax"};
      if (text_[at] == '"' && !escaped) in_string = !in_string;
    }
    if (in_string) throw SlowFault{"json.incomplete"};
  }

  void Space() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  /// The next byte that is not white space.
  char Peek() {
    Space();
    if (at_ == text_.size()) throw SlowFault{"json.incomplete"};
    return text_[at_];
  }
  void Expect(char c) {
    if (Peek() != c) throw SlowFault{"json.syntax"};
    ++at_;
  }

  SlowValue Value(int depth) {
    const char c = Peek();
    const size_t begin = at_;
    SlowValue value;
    if (c == '{' || c == '[') {
      if (depth >= 512) throw SlowFault{"json.too_deep"};
      c == '{' ? Object(&value, depth + 1) : Array(&value, depth + 1);
    } else if (c == '"') {
      value.kind = SlowValue::kScalar;
      value.text = String();
    } else {
      Literal(&value);
    }
    value.raw = text_.substr(begin, at_ - begin);
    return value;
  }

  void Object(SlowValue* value, int depth) {
    value->kind = SlowValue::kObject;
    Expect('{');
    if (Peek() == '}') {
      ++at_;
      return;
    }
    while (true) {
      if (Peek() != '"') throw SlowFault{"json.syntax"};
      const size_t begin = at_;
      std::string name = String();
      for (const SlowMember& other : value->members) {
        if (other.name == name && (!duplicate_ || begin < duplicate_at_)) {
          duplicate_ = name;
          duplicate_at_ = begin;
        }
      }
      Expect(':');
      value->members.push_back({name, Value(depth)});
      if (Peek() == '}') break;
      Expect(',');
    }
    ++at_;
  }

  void Array(SlowValue* value, int depth) {
    value->kind = SlowValue::kArray;
    Expect('[');
    if (Peek() == ']') {
      ++at_;
      return;
    }
    while (true) {
      value->elements.push_back(Value(depth));
      if (Peek() == ']') break;
      Expect(',');
    }
    ++at_;
  }

  std::string String() {
    std::string out;
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        out.push_back(text_[at_]);
        continue;
      }
      static const char kNames[] = "\"\\/bfnrt", kMeanings[] = "\"\\/\b\f\n\r\t";
      const char c = text_[++at_];
      const char* name = c != '\0' ? std::strchr(kNames, c) : nullptr;
      if (name != nullptr) {
        out.push_back(kMeanings[name - kNames]);
        continue;
      }
      uint32_t code = CodeUnit(at_ - 1);
      at_ += 4;
      if (code >= 0xDC00 && code < 0xE000) throw SlowFault{"json.lone_surrogate"};
      if (code >= 0xD800 && code < 0xDC00) {
        uint32_t low = 0;
        try {
          low = CodeUnit(at_ + 1);
        } catch (const SlowFault&) {
          throw SlowFault{"json.lone_surrogate"};
        }
        if (low < 0xDC00 || low >= 0xE000) throw SlowFault{"json.lone_surrogate"};
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
        at_ += 6;
      }
      AppendUtf8(code, &out);
    }
    ++at_;
    return out;
  }

  uint32_t CodeUnit(size_t at) const {
    if (Byte(at) != '\\' || Byte(at + 1) != 'u') throw SlowFault{"json.syntax"};
    const std::string digits = text_.substr(at + 2, 4);
    if (digits.size() < 4 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      throw SlowFault{"json.syntax"};
    }
    return static_cast<uint32_t>(std::stoul(digits, nullptr, 16));
  }

  static void AppendUtf8(uint32_t code, std::string* out) {
    const auto add = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
  }

  void Literal(SlowValue* value) {
    const size_t end = std::min(text_.find_first_of(" \t\r\n,:[]{}", at_), text_.size());
    const std::string word = text_.substr(at_, end - at_);
    const std::string rest = text_.substr(at_);
    value->kind = word == "null" ? SlowValue::kNull : SlowValue::kScalar;
    value->text = word;
    if (word != "null" && word != "true" && word != "false" && !IsNumber(word)) {
      const bool cut = std::string("true").rfind(rest, 0) == 0 ||
                       std::string("false").rfind(rest, 0) == 0 ||
                       std::string("null").rfind(rest, 0) == 0 ||
                       rest.find_first_not_of("0123456789+-.eE") == std::string::npos;
      throw SlowFault{cut ? "json.incomplete" : "json.syntax"};
    }
    at_ = end;
  }

  static bool IsNumber(const std::string& word) {
    size_t at = 0;
    const auto digits = [&] {
      const size_t begin = at;
      while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
      return at - begin;
    };
    if (at < word.size() && word[at] == '-') ++at;
    const bool zero = at < word.size() && word[at] == '0';
    const size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (at < word.size() && word[at] == '.') {
      ++at;
      if (digits() == 0) return false;
    }
    if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
      ++at;
      if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
      if (digits() == 0) return false;
    }
    return at == word.size();
  }

  std::string text_;
  size_t at_ = 0;
  std::optional<std::string> duplicate_;
  size_t duplicate_at_ = 0;
};

}  // namespace millrace::io::testing
