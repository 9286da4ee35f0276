#include "export/prompts/conversation.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>

#include "export/json_rows.h"

namespace millrace::exporting {
namespace {

constexpr char kUnknownRole[] = "a turn's role is none of system, user (human), assistant (gpt)";

std::optional<Role> RoleOf(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Role>, 7> kRoles = {{
      {"user", Role::kUser},
      {"human", Role::kUser},
      {"assistant", Role::kAssistant},
      {"gpt", Role::kAssistant},
      {"model", Role::kAssistant},
      {"bot", Role::kAssistant},
      {"system", Role::kSystem},
  }};
  for (const auto& [known, role] : kRoles) {
    if (known == name) return role;
  }
  return std::nullopt;
}

std::shared_ptr<arrow::DataType> ElementType(const arrow::Schema& schema, const std::string& name) {
  const auto field = schema.GetFieldByName(name);
  return field && field->type()->id() == arrow::Type::LIST
             ? static_cast<const arrow::ListType&>(*field->type()).value_type()
             : nullptr;
}

/// One list column of texts.
struct TextList {
  std::shared_ptr<arrow::ListArray> lists;
  const arrow::StringArray& texts() const {
    return static_cast<const arrow::StringArray&>(*lists->values());
  }
  int64_t size(int64_t row) const { return lists->IsNull(row) ? 0 : lists->value_length(row); }
  std::string_view at(int64_t row, int64_t i) const {
    const int64_t index = lists->value_offset(row) + i;
    return texts().IsNull(index) ? std::string_view() : texts().GetView(index);
  }
};

TextList ListOf(const arrow::RecordBatch& rows, const std::string& column) {
  return {std::static_pointer_cast<arrow::ListArray>(rows.GetColumnByName(column))};
}

/// Texts by user and assistant in turn.
class AlternatingTurns : public TurnReader {
 public:
  explicit AlternatingTurns(TextList turns) : turns_(std::move(turns)) {}
  std::string Append(int64_t row, std::vector<Message>* messages) const override {
    for (int64_t i = 0; i < turns_.size(row); ++i) {
      messages->push_back({i % 2 == 0 ? Role::kUser : Role::kAssistant, turns_.at(row, i)});
    }
    return "";
  }

 private:
  TextList turns_;
};

/// Two lists of equal length, taken in pairs.
class PairedTurns : public TurnReader {
 public:
  PairedTurns(TextList users, TextList assistants)
      : users_(std::move(users)), assistants_(std::move(assistants)) {}
  std::string Append(int64_t row, std::vector<Message>* messages) const override {
    const int64_t pairs = users_.size(row);
    if (pairs != assistants_.size(row)) return "the two lists of turns differ in length";
    for (int64_t i = 0; i < pairs; ++i) {
      messages->push_back({Role::kUser, users_.at(row, i)});
      messages->push_back({Role::kAssistant, assistants_.at(row, i)});
    }
    return "";
  }

 private:
  TextList users_, assistants_;
};

/// A list of structs with a role and a content.
class StructTurns : public TurnReader {
 public:
  StructTurns(std::shared_ptr<arrow::ListArray> lists, const PromptTurns& turns)
      : lists_(std::move(lists)) {
    const auto& structs = static_cast<const arrow::StructArray&>(*lists_->values());
    roles_ = std::static_pointer_cast<arrow::StringArray>(structs.GetFieldByName(turns.role));
    contents_ = std::static_pointer_cast<arrow::StringArray>(structs.GetFieldByName(turns.content));
  }
  std::string Append(int64_t row, std::vector<Message>* messages) const override {
    if (lists_->IsNull(row)) return "";
    const int64_t first = lists_->value_offset(row), end = first + lists_->value_length(row);
    for (int64_t i = first; i < end; ++i) {
      const bool is_null = lists_->values()->IsNull(i) || roles_->IsNull(i);
      const std::optional<Role> role = is_null ? std::nullopt : RoleOf(roles_->GetView(i));
      if (!role) return kUnknownRole;
      messages->push_back(
          {*role, contents_->IsNull(i) ? std::string_view() : contents_->GetView(i)});
    }
    return "";
  }

 private:
  std::shared_ptr<arrow::ListArray> lists_;
  std::shared_ptr<arrow::StringArray> roles_, contents_;
};

}  // namespace

const char* RoleName(Role role, PromptShape shape) {
  const bool sharegpt = shape == PromptShape::kShareGpt;
  if (role == Role::kSystem) return "system";
  if (role == Role::kUser) return sharegpt ? "human" : "user";
  return sharegpt ? "gpt" : "assistant";
}

std::shared_ptr<arrow::DataType> ConversationType(PromptShape shape) {
  const bool sharegpt = shape == PromptShape::kShareGpt;
  return arrow::list(arrow::struct_({arrow::field(sharegpt ? "from" : "role", arrow::utf8()),
                                     arrow::field(sharegpt ? "value" : "content", arrow::utf8())}));
}

std::vector<std::string> ColumnsOf(const PromptTurns& turns) {
  if (!turns.from.empty()) return {turns.from};
  return {turns.user, turns.assistant};
}

std::string CheckTurns(const PromptTurns& turns, const arrow::Schema& schema) {
  for (const std::string& name : ColumnsOf(turns)) {
    if (schema.GetFieldIndex(name) < 0) return "there is no column `" + name + "`";
    const auto element = ElementType(schema, name);
    if (element == nullptr) return "`" + name + "` is not a list";
    if (element->id() == arrow::Type::STRING) continue;
    if (turns.from.empty() || element->id() != arrow::Type::STRUCT) {
      return "`" + name + "` is a list of " + element->ToString() + ", not of texts" +
             (turns.from.empty() ? "" : " or structs");
    }
    for (const std::string& member : {turns.role, turns.content}) {
      const auto field = static_cast<const arrow::StructType&>(*element).GetFieldByName(member);
      if (field == nullptr || field->type()->id() != arrow::Type::STRING) {
        return "the elements of `" + name + "` have no text `" + member + "`";
      }
    }
  }
  return "";
}

Result<std::unique_ptr<TurnReader>> TurnReader::Open(const PromptTurns& turns,
                                                     const arrow::RecordBatch& rows) {
  if (turns.from.empty()) {
    return std::make_unique<PairedTurns>(ListOf(rows, turns.user), ListOf(rows, turns.assistant));
  }
  TextList lists = ListOf(rows, turns.from);
  if (lists.lists->values()->type_id() == arrow::Type::STRING) {
    return std::make_unique<AlternatingTurns>(std::move(lists));
  }
  return std::make_unique<StructTurns>(lists.lists, turns);
}

std::string CheckOrder(const std::vector<Message>& messages) {
  Role expected = Role::kUser;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Role role = messages[i].role;
    if (role == Role::kSystem) {
      if (i > 0) return "a system message comes after others";
      continue;
    }
    if (role != expected) {
      return std::string("the ") + RoleName(role, PromptShape::kMessages) +
             " speaks out of turn in message " + std::to_string(i + 1);
    }
    expected = role == Role::kUser ? Role::kAssistant : Role::kUser;
  }
  if (messages.empty() || messages.back().role != Role::kAssistant) {
    return "the last word is not the assistant's";
  }
  return "";
}

}  // namespace millrace::exporting
