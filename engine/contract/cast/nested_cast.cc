// Lists and structs from JSON text: each level is taken apart into columns of texts, which are cast
// by the same table as any other column. A row with a bad element fails as a whole.
#include <arrow/array/array_nested.h>
#include <arrow/builder.h>

#include <algorithm>
#include <utility>

#include "contract/cast/cast_loop.h"
#include "contract/cast/json_text.h"
#include "contract/cast/text_cast.h"

namespace millrace::contract {

namespace {

using Type = std::shared_ptr<arrow::DataType>;
using Texts = std::shared_ptr<arrow::StringArray>;

class JsonCast final : public TextCast {
 public:
  Result<CastResult> Cast(const Texts& texts) const override {
    CastResult result;
    for (int64_t row = 0; row < texts->length(); ++row) {
      if (texts->IsNull(row)) continue;
      const CastError error = CheckJson(texts->GetView(row));
      if (error != CastError::kNone) result.failures.push_back({row, error});
    }
    result.values = texts;
    if (result.failures.empty()) return result;
    ARROW_ASSIGN_OR_RAISE(result.values, WithoutRows(*texts, result.failures));
    return result;
  }
};

bool TakesJson(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::STRUCT;
}

// Texts of one level below: raw JSON for nested types, what it says for all others.
class ChildTexts {
 public:
  explicit ChildTexts(const arrow::DataType& type) : raw_(TakesJson(type)) {}

  /// kNone when the token is one the type may have.
  CastError Check(std::string_view token) const {
    const bool nested = token[0] == '{' || token[0] == '[';
    return nested && !raw_ ? CastError::kWrongShape : CastError::kNone;
  }
  Status Append(std::string_view token) {
    if (token == "null") return builder_.AppendNull();
    if (raw_ || token[0] != '"') return builder_.Append(token);
    scratch_.clear();
    UnescapeJson(token, &scratch_);
    return builder_.Append(scratch_);
  }
  Status AppendNull() { return builder_.AppendNull(); }
  Result<Texts> Finish() {
    Texts out;
    ARROW_RETURN_NOT_OK(builder_.Finish(&out));
    return out;
  }

 private:
  bool raw_;
  arrow::StringBuilder builder_;
  std::string scratch_;
};

class NestedCast : public TextCast {
 public:
  // Rows that fail are made null and the rest is cast again: failures are rare, and a null row
  // then has no elements left that a writer might stumble over.
  Result<CastResult> Cast(const Texts& texts) const override {
    std::vector<CastFailure> failures;
    ARROW_ASSIGN_OR_RAISE(auto values, CastLevel(*texts, &failures));
    if (failures.empty()) return CastResult{std::move(values), {}};
    std::stable_sort(failures.begin(), failures.end(),
                     [](const CastFailure& a, const CastFailure& b) { return a.row < b.row; });
    failures.erase(
        std::unique(failures.begin(), failures.end(),
                    [](const CastFailure& a, const CastFailure& b) { return a.row == b.row; }),
        failures.end());
    ARROW_ASSIGN_OR_RAISE(const Texts rest, WithoutRows(*texts, failures));
    std::vector<CastFailure> none;
    ARROW_ASSIGN_OR_RAISE(values, CastLevel(*rest, &none));
    MILLRACE_CHECK(none.empty());
    return CastResult{std::move(values), std::move(failures)};
  }

 protected:
  virtual Result<std::shared_ptr<arrow::Array>> CastLevel(
      const arrow::StringArray& texts, std::vector<CastFailure>* failures) const = 0;
};

class ListCast final : public NestedCast {
 public:
  ListCast(Type type, std::shared_ptr<const TextCast> item)
      : type_(std::move(type)), item_(std::move(item)) {}

 protected:
  Result<std::shared_ptr<arrow::Array>> CastLevel(
      const arrow::StringArray& texts, std::vector<CastFailure>* failures) const override {
    ChildTexts children(*static_cast<const arrow::ListType&>(*type_).value_type());
    arrow::TypedBufferBuilder<int32_t> offsets;
    std::vector<std::string_view> tokens;
    int32_t elements = 0;
    ARROW_RETURN_NOT_OK(offsets.Append(0));
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (!texts.IsNull(row)) {
        const CastError error = Split(texts.GetView(row), children, &tokens);
        if (error == CastError::kNone) {
          for (std::string_view token : tokens) ARROW_RETURN_NOT_OK(children.Append(token));
          elements += static_cast<int32_t>(tokens.size());
        } else {
          failures->push_back({row, error});
        }
      }
      ARROW_RETURN_NOT_OK(offsets.Append(elements));
    }
    ARROW_ASSIGN_OR_RAISE(auto starts, offsets.Finish());
    ARROW_ASSIGN_OR_RAISE(const Texts child, children.Finish());
    ARROW_ASSIGN_OR_RAISE(CastResult items, item_->Cast(child));
    const int32_t* first = reinterpret_cast<const int32_t*>(starts->data());
    for (const CastFailure& failure : items.failures) {
      const auto* after = std::upper_bound(first, first + texts.length() + 1, failure.row);
      failures->push_back({after - first - 1, CastError::kElement});
    }
    ARROW_ASSIGN_OR_RAISE(auto valid, ValidityOf(texts, {}));
    return std::make_shared<arrow::ListArray>(type_, texts.length(), std::move(starts),
                                              items.values, std::move(valid));
  }

 private:
  static CastError Split(std::string_view text, const ChildTexts& children,
                         std::vector<std::string_view>* tokens) {
    tokens->clear();
    JsonCursor cursor(text);
    cursor.SkipSpace();
    if (!cursor.Take('[')) {
      const CastError error = CheckJson(text);
      return error == CastError::kNone ? CastError::kWrongShape : error;
    }
    cursor.SkipSpace();
    bool more = !cursor.Take(']');
    CastError shape = CastError::kNone;
    while (more) {
      cursor.SkipSpace();
      std::string_view token;
      const CastError error = cursor.Value(&token);
      if (error != CastError::kNone) return error;
      if (shape == CastError::kNone) shape = children.Check(token);
      tokens->push_back(token);
      cursor.SkipSpace();
      if (cursor.Take(']')) break;
      if (!cursor.Take(',')) return CastError::kBadJson;
    }
    cursor.SkipSpace();
    return cursor.AtEnd() ? shape : CastError::kBadJson;
  }

  Type type_;
  std::shared_ptr<const TextCast> item_;
};

class StructCast final : public NestedCast {
 public:
  StructCast(Type type, std::vector<std::shared_ptr<const TextCast>> fields)
      : type_(std::move(type)), fields_(std::move(fields)) {}

 protected:
  Result<std::shared_ptr<arrow::Array>> CastLevel(
      const arrow::StringArray& texts, std::vector<CastFailure>* failures) const override {
    std::vector<ChildTexts> children;
    for (const auto& field : type_->fields()) children.emplace_back(*field->type());
    std::vector<std::string_view> tokens(children.size());
    for (int64_t row = 0; row < texts.length(); ++row) {
      std::fill(tokens.begin(), tokens.end(), "null");
      if (!texts.IsNull(row)) {
        const CastError error = Split(texts.GetView(row), children, &tokens);
        if (error != CastError::kNone) {
          failures->push_back({row, error});
          std::fill(tokens.begin(), tokens.end(), "null");
        }
      }
      for (size_t i = 0; i < tokens.size(); ++i) ARROW_RETURN_NOT_OK(children[i].Append(tokens[i]));
    }
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < children.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const Texts child, children[i].Finish());
      ARROW_ASSIGN_OR_RAISE(CastResult cast, fields_[i]->Cast(child));
      for (const CastFailure& failure : cast.failures) {
        failures->push_back({failure.row, CastError::kElement});
      }
      arrays.push_back(cast.values);
    }
    ARROW_ASSIGN_OR_RAISE(auto valid, ValidityOf(texts, {}));
    return std::make_shared<arrow::StructArray>(type_, texts.length(), std::move(arrays),
                                                std::move(valid));
  }

 private:
  CastError Split(std::string_view text, const std::vector<ChildTexts>& children,
                  std::vector<std::string_view>* tokens) const {
    JsonCursor cursor(text);
    cursor.SkipSpace();
    if (!cursor.Take('{')) {
      const CastError error = CheckJson(text);
      return error == CastError::kNone ? CastError::kWrongShape : error;
    }
    cursor.SkipSpace();
    bool more = !cursor.Take('}');
    std::vector<bool> seen(children.size());
    CastError wrong = CastError::kNone;  // kept until the text is known to be JSON
    std::string name;
    while (more) {
      cursor.SkipSpace();
      std::string_view key, token;
      if (cursor.String(&key) != CastError::kNone) return CastError::kBadJson;
      cursor.SkipSpace();
      if (!cursor.Take(':')) return CastError::kBadJson;
      cursor.SkipSpace();
      const CastError error = cursor.Value(&token);
      if (error != CastError::kNone) return error;
      name.clear();
      UnescapeJson(key, &name);
      const int at = static_cast<const arrow::StructType&>(*type_).GetFieldIndex(name);
      CastError found = CastError::kNone;
      if (at < 0) {
        found = CastError::kUnknownMember;
      } else if (seen[static_cast<size_t>(at)]) {
        found = CastError::kDuplicateMember;
      } else {
        seen[static_cast<size_t>(at)] = true;
        found = children[static_cast<size_t>(at)].Check(token);
        (*tokens)[static_cast<size_t>(at)] = token;
      }
      if (wrong == CastError::kNone) wrong = found;
      cursor.SkipSpace();
      if (cursor.Take('}')) break;
      if (!cursor.Take(',')) return CastError::kBadJson;
    }
    cursor.SkipSpace();
    return cursor.AtEnd() ? wrong : CastError::kBadJson;
  }

  Type type_;
  std::vector<std::shared_ptr<const TextCast>> fields_;
};

}  // namespace

std::shared_ptr<const TextCast> MakeJsonCast() { return std::make_shared<JsonCast>(); }

Result<std::shared_ptr<const TextCast>> MakeNestedCast(const Type& type,
                                                       const TextCastOptions& options) {
  std::vector<std::shared_ptr<const TextCast>> fields;
  for (const auto& field : type->fields()) {
    ARROW_ASSIGN_OR_RAISE(auto cast, MakeTextCast(field->type(), {}));
    fields.push_back(std::move(cast));
  }
  if (type->id() == arrow::Type::STRUCT)
    return std::make_shared<StructCast>(type, std::move(fields));
  return std::make_shared<ListCast>(type, fields.front());
}

}  // namespace millrace::contract
