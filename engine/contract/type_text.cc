// The text of types: one recursive descent parser, and its inverse.
#include <arrow/type.h>

#include <cctype>
#include <utility>

#include "base/diagnostic.h"
#include "contract/contract.h"

namespace millrace::contract {

namespace {

using Type = std::shared_ptr<arrow::DataType>;

constexpr int kTypeDepthMax = 16;
constexpr size_t kTypeBytesMax = 16 << 10;

const std::vector<std::string>& TypeNames() {
  static const std::vector<std::string> names = {
      "bool",   "int8",   "int16",     "int32",   "int64",   "uint8",  "uint16",
      "uint32", "uint64", "float32",   "float64", "decimal", "string", "binary",
      "date",   "time",   "timestamp", "list",    "struct",  "json"};
  return names;
}

Type PlainType(const std::string& name) {
  if (name == "bool") return arrow::boolean();
  if (name == "int8") return arrow::int8();
  if (name == "int16") return arrow::int16();
  if (name == "int32") return arrow::int32();
  if (name == "int64") return arrow::int64();
  if (name == "uint8") return arrow::uint8();
  if (name == "uint16") return arrow::uint16();
  if (name == "uint32") return arrow::uint32();
  if (name == "uint64") return arrow::uint64();
  if (name == "float32") return arrow::float32();
  if (name == "float64") return arrow::float64();
  if (name == "string") return arrow::utf8();
  if (name == "binary") return arrow::binary();
  if (name == "date") return arrow::date32();
  return nullptr;
}

// What people write who come from elsewhere; the suggestion is ours.
std::string Suggest(const std::string& word) {
  static const std::pair<const char*, const char*> kOthers[] = {{"int", "int64"},
                                                                {"integer", "int64"},
                                                                {"bigint", "int64"},
                                                                {"long", "int64"},
                                                                {"float", "float64"},
                                                                {"double", "float64"},
                                                                {"number", "float64"},
                                                                {"str", "string"},
                                                                {"text", "string"},
                                                                {"varchar", "string"},
                                                                {"utf8", "string"},
                                                                {"boolean", "bool"},
                                                                {"bytes", "binary"},
                                                                {"datetime", "timestamp[us]"},
                                                                {"object", "json"},
                                                                {"array", "list<...>"},
                                                                {"numeric", "decimal(p,s)"},
                                                                {"date32", "date"},
                                                                {"map", "json"}};
  for (const auto& [other, ours] : kOthers) {
    if (word == other) return "did you mean `" + std::string(ours) + "`?";
  }
  const std::string close = DidYouMean(word, TypeNames());
  if (!close.empty()) return close;
  std::string all = "known types:";
  for (const std::string& name : TypeNames()) all += ' ' + name;
  return all;
}

class TypeParser {
 public:
  explicit TypeParser(const std::string& text) : text_(text) {}

  Result<Type> Parse(bool* is_json) {
    if (text_.size() > kTypeBytesMax) return Wrong("is too long");
    ARROW_ASSIGN_OR_RAISE(Type type, Any(0, is_json));
    SkipSpace();
    if (at_ < text_.size()) return Wrong("has `" + text_.substr(at_) + "` after its end");
    return type;
  }

 private:
  Status Wrong(const std::string& what, const std::string& suggestion = "") const {
    return MakeError(ErrorCode::kBadValue, "the type `" + text_ + "` " + what, suggestion);
  }
  void SkipSpace() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Status Expect(char c, const std::string& where) {
    if (Take(c)) return Status::OK();
    return Wrong("lacks `" + std::string(1, c) + "` " + where);
  }
  // Letters, digits, _, and what an unquoted member name may have beside them.
  std::string Word(const char* extra = "_") {
    SkipSpace();
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  static_cast<unsigned char>(text_[at_]) >= 0x80 ||
                                  std::string(extra).find(text_[at_]) != std::string::npos)) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  Result<Type> Any(int depth, bool* is_json) {
    if (depth > kTypeDepthMax)
      return Wrong("is nested deeper than " + std::to_string(kTypeDepthMax) + " levels");
    const std::string name = Word();
    if (name.empty()) {
      return at_ < text_.size()
                 ? Wrong("has `" + text_.substr(at_, 1) + "` where a type is expected")
                 : Wrong("ends where a type is expected");
    }
    if (const Type plain = PlainType(name)) return plain;
    if (name == "json") {
      if (is_json != nullptr) {
        *is_json = true;
        return arrow::utf8();
      }
      return Wrong("has json inside another type", "make the whole column json");
    }
    if (name == "decimal") return Decimal();
    if (name == "time") return Time();
    if (name == "timestamp") return Timestamp();
    if (name == "list") return List(depth);
    if (name == "struct") return Struct(depth);
    return Wrong(name == text_ ? "is not known" : "names the unknown type `" + name + "`",
                 Suggest(name));
  }

  Result<int> Number() {
    const std::string word = Word();
    if (word.empty() || word.size() > 4 ||
        word.find_first_not_of("0123456789") != std::string::npos) {
      return Wrong("has `" + word + "` where a number is expected");
    }
    return std::stoi(word);
  }

  Result<Type> Decimal() {
    if (!Take('(')) return Wrong("lacks precision and scale", "write decimal(10,2)");
    ARROW_ASSIGN_OR_RAISE(const int precision, Number());
    ARROW_RETURN_NOT_OK(Expect(',', "between precision and scale"));
    ARROW_ASSIGN_OR_RAISE(const int scale, Number());
    ARROW_RETURN_NOT_OK(Expect(')', "after the scale"));
    if (precision < 1 || precision > 76)
      return Wrong("has precision " + std::to_string(precision), "use 1 to 76");
    if (scale > precision) return Wrong("has a scale larger than its precision");
    return precision <= 38 ? arrow::decimal128(precision, scale)
                           : arrow::decimal256(precision, scale);
  }

  Result<arrow::TimeUnit::type> Unit() {
    const std::string unit = Word();
    if (unit == "s") return arrow::TimeUnit::SECOND;
    if (unit == "ms") return arrow::TimeUnit::MILLI;
    if (unit == "us") return arrow::TimeUnit::MICRO;
    if (unit == "ns") return arrow::TimeUnit::NANO;
    return Wrong("has the unit `" + unit + "`", "units are s, ms, us, ns");
  }

  Result<Type> Time() {
    if (!Take('[')) return arrow::time64(arrow::TimeUnit::MICRO);
    ARROW_ASSIGN_OR_RAISE(const auto unit, Unit());
    ARROW_RETURN_NOT_OK(Expect(']', "after the unit"));
    if (unit == arrow::TimeUnit::SECOND || unit == arrow::TimeUnit::MILLI)
      return arrow::time32(unit);
    return arrow::time64(unit);
  }

  Result<Type> Timestamp() {
    if (!Take('[')) return Wrong("lacks its unit", "write timestamp[us] or timestamp[us, UTC]");
    ARROW_ASSIGN_OR_RAISE(const auto unit, Unit());
    if (Take(']')) return arrow::timestamp(unit);
    ARROW_RETURN_NOT_OK(Expect(',', "between unit and zone"));
    const std::string zone = Word("_/+-:");
    if (zone.empty()) return Wrong("has no zone after the comma");
    ARROW_RETURN_NOT_OK(Expect(']', "after the zone"));
    return arrow::timestamp(unit, zone);
  }

  Result<Type> List(int depth) {
    if (!Take('<')) return Wrong("lacks the element's type", "write list<string>");
    ARROW_ASSIGN_OR_RAISE(Type item, Any(depth + 1, nullptr));
    ARROW_RETURN_NOT_OK(Expect('>', "after the element's type"));
    return arrow::list(arrow::field("item", std::move(item)));
  }

  Result<std::string> MemberName() {
    if (!Take('"')) return Word("_-.$@/");
    std::string name;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (at_ >= text_.size()) return Wrong("has an unclosed quote");
    ++at_;
    return name;
  }

  Result<Type> Struct(int depth) {
    if (!Take('<')) return Wrong("lacks its members", "write struct<a: int64, b: string>");
    arrow::FieldVector fields;
    do {
      ARROW_ASSIGN_OR_RAISE(std::string name, MemberName());
      if (name.empty()) return Wrong("has a member without a name", "write struct<a: int64>");
      for (const auto& field : fields) {
        if (field->name() == name) return Wrong("has the member `" + name + "` twice");
      }
      ARROW_RETURN_NOT_OK(Expect(':', "after the member `" + name + "`"));
      ARROW_ASSIGN_OR_RAISE(Type type, Any(depth + 1, nullptr));
      fields.push_back(arrow::field(std::move(name), std::move(type)));
    } while (Take(','));
    ARROW_RETURN_NOT_OK(Expect('>', "after the members"));
    return arrow::struct_(std::move(fields));
  }

  const std::string& text_;
  size_t at_ = 0;
};

const char* UnitText(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return "s";
    case arrow::TimeUnit::MILLI:
      return "ms";
    case arrow::TimeUnit::MICRO:
      return "us";
    case arrow::TimeUnit::NANO:
      return "ns";
  }
  return "us";
}

std::string MemberText(const std::string& name) {
  bool plain = !name.empty();
  for (char c : name) plain &= std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  if (plain) return name;
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

Result<Type> ParseType(const std::string& text, bool* is_json) {
  bool json = false;
  ARROW_ASSIGN_OR_RAISE(Type type, TypeParser(text).Parse(&json));
  if (is_json != nullptr) *is_json = json;
  return type;
}

std::string TypeText(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::FLOAT:
      return "float32";
    case arrow::Type::DOUBLE:
      return "float64";
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return "decimal(" + std::to_string(decimal.precision()) + ',' +
             std::to_string(decimal.scale()) + ')';
    }
    case arrow::Type::DATE32:
      return "date";
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: {
      const auto unit = static_cast<const arrow::TimeType&>(type).unit();
      return unit == arrow::TimeUnit::MICRO ? "time" : "time[" + std::string(UnitText(unit)) + ']';
    }
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      const std::string zone = timestamp.timezone().empty() ? "" : ", " + timestamp.timezone();
      return "timestamp[" + std::string(UnitText(timestamp.unit())) + zone + ']';
    }
    case arrow::Type::LIST:
      return "list<" + TypeText(*type.field(0)->type()) + '>';
    case arrow::Type::STRUCT: {
      std::string out = "struct<";
      for (int i = 0; i < type.num_fields(); ++i) {
        out += (i > 0 ? ", " : "") + MemberText(type.field(i)->name()) + ": " +
               TypeText(*type.field(i)->type());
      }
      return out + '>';
    }
    default:
      return type.ToString();  // bool, intN, uintN, string, binary: Arrow's words are ours
  }
}

}  // namespace millrace::contract
