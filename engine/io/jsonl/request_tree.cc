#include "io/jsonl/request_tree.h"

#include <xxhash.h>

#include "io/jsonl/json_path.h"

namespace millrace::io {
namespace {

// Learning stops here: a file whose objects all have other names must not fill the memory.
constexpr int kLearnedMax = 8192;
constexpr size_t kLearnedPerNodeMax = 256;
constexpr size_t kLearnedNameBytesMax = 256;
constexpr size_t kNamePadding = 8;

bool IsMember(const RequestMember& member, const uint8_t* name, uint32_t bytes) {
  return member.name_bytes == bytes && member.IsNamed(name);
}

}  // namespace

int32_t RequestNode::Find(const uint8_t* name, uint32_t name_bytes, int32_t guess) const {
  if (guess >= 0 && IsMember(members[static_cast<size_t>(guess)], name, name_bytes)) return guess;
  if (slots_.empty()) return -1;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = XXH3_64bits(name, name_bytes) & mask;; slot = (slot + 1) & mask) {
    const int32_t at = slots_[slot];
    if (at < 0 || IsMember(members[static_cast<size_t>(at)], name, name_bytes)) return at;
  }
}

RequestNode* RequestNode::IndexedAt(int64_t index) const {
  for (const auto& [at, node] : indexed) {
    if (at == index) return node.get();
  }
  return nullptr;
}

void RequestNode::Insert(std::string_view name, bool known) {
  RequestMember member;
  member.name = std::string(name) + std::string(kNamePadding, '\0');
  member.name_bytes = static_cast<uint32_t>(name.size());
  member.has_escape = name.find_first_of("\"\\") != std::string_view::npos;
  member.known = known;
  members.push_back(std::move(member));
  Rehash();
}

void RequestNode::Rehash() {
  size_t size = 8;
  while (size < members.size() * 2) size *= 2;
  slots_.assign(size, -1);
  for (size_t i = 0; i < members.size(); ++i) {
    size_t slot = XXH3_64bits(members[i].name.data(), members[i].name_bytes) & (size - 1);
    while (slots_[slot] >= 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<int32_t>(i);
  }
}

namespace {

RequestMember& MemberOf(RequestNode* node, const std::string& name) {
  const std::string padded = name + std::string(kNamePadding, '\0');
  const auto* text = reinterpret_cast<const uint8_t*>(padded.data());
  int32_t at = node->Find(text, static_cast<uint32_t>(name.size()), -1);
  if (at < 0) {
    at = static_cast<int32_t>(node->members.size());
    node->Insert(name, /*known=*/true);
  }
  return node->members[static_cast<size_t>(at)];
}

RequestNode* StepInto(RequestNode* node, const JsonPathStep& step) {
  if (!step.is_index()) {
    RequestMember& member = MemberOf(node, step.member);
    if (!member.node) member.node = std::make_unique<RequestNode>();
    return member.node.get();
  }
  RequestNode* element = node->IndexedAt(step.index);
  if (element != nullptr) return element;
  node->indexed.emplace_back(step.index, std::make_unique<RequestNode>());
  return node->indexed.back().second.get();
}

}  // namespace

Result<std::unique_ptr<RequestTree>> RequestTree::Make(const Projection& projection) {
  auto tree = std::make_unique<RequestTree>();
  for (size_t column = 0; column < projection.fields.size(); ++column) {
    ARROW_ASSIGN_OR_RAISE(auto steps, ParseJsonPath(projection.fields[column].path));
    RequestNode* node = &tree->root_;
    for (const JsonPathStep& step : steps) {
      node->below.push_back({static_cast<int>(column), step.is_index()});
      (step.is_index() ? node->wants_array : node->wants_object) = true;
      node = StepInto(node, step);
    }
    node->columns.push_back(static_cast<int>(column));
  }
  for (const std::string& name : projection.known) MemberOf(&tree->root_, name);
  return tree;
}

int32_t RequestTree::Learn(RequestNode* node, std::string_view name) {
  if (learned_ >= kLearnedMax || name.size() > kLearnedNameBytesMax) return -1;
  if (node->members.size() >= kLearnedPerNodeMax) return -1;
  ++learned_;
  node->Insert(name, /*known=*/false);
  return static_cast<int32_t>(node->members.size()) - 1;
}

RequestNode* RequestTree::Grow(std::unique_ptr<RequestNode>* node) {
  if (!*node && learned_ < kLearnedMax) {
    ++learned_;
    *node = std::make_unique<RequestNode>();
  }
  return node->get();
}

}  // namespace millrace::io
