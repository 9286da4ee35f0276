#include "pipeline/config/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "pipeline/config/text.h"

namespace millrace::pipeline {
namespace {

// Thrown out of yaml-cpp's parser by our own handler; caught in ParseConfigTree.
struct Refusal {
  YAML::Mark mark;
  std::string message, suggestion;
};

// yaml-cpp hands a plain `null` or `~` over as "null"; the text as written is in the source.
std::string NullText(std::string_view rest) {
  for (std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (rest.substr(0, word.size()) != word) continue;
    const std::string_view after = rest.substr(word.size());
    if (after.empty() || after[0] == '\n' || after[0] == '\r' || after[0] == ',' ||
        after[0] == '}' || after[0] == ']') {
      return std::string(word);
    }
    if (after[0] != ' ' && after[0] != '\t') return "";
    // `null : x` is the next key after an empty value.
    const size_t next = after.find_first_not_of(" \t");
    return next != std::string_view::npos && after[next] == ':' ? "" : std::string(word);
  }
  return "";
}

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(ConfigTree* tree) : tree_(tree), index_(tree->text) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      throw Refusal{mark, "a second document starts here",
                    "a config is one document: remove `---`"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    ConfigNode node = NodeAt(mark, ConfigNode::Kind::kEmpty);
    node.text =
        NullText(std::string_view(tree_->text)
                     .substr(std::min(static_cast<size_t>(node.offset), tree_->text.size())));
    if (!node.text.empty()) {
      node.kind = ConfigNode::Kind::kScalar;
      node.span.length = CountCodePoints(node.text);
    }
    Add(std::move(node), mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refusal{mark, "this alias refers to what it is part of", ""};
    }
    Count(found->second.nodes, mark);
    ConfigNode copy = found->second.node;
    Add(std::move(copy), mark, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseTag(mark, tag);
    ConfigNode node = NodeAt(mark, ConfigNode::Kind::kScalar);
    node.text = value;
    node.quoted = tag == "!";
    node.span.length = index_.ScalarLength(node.offset, value);
    Add(std::move(node), mark, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, ConfigNode::Kind::kSequence);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, ConfigNode::Kind::kMap);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

  /// After an error: what was read so far becomes the tree.
  void CloseAll() {
    while (!open_.empty()) Close();
  }

 private:
  struct Frame {
    ConfigNode node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    int64_t nodes_before = 0;
    bool has_key = false;
    bool skip_value = false;  // the value of a key that was given before
    std::string key;
    SourceSpan key_span;
    std::map<std::string, int> line_of_key;
  };
  struct Anchored {
    ConfigNode node;
    int64_t nodes = 0;
  };

  ConfigNode NodeAt(const YAML::Mark& mark, ConfigNode::Kind kind) const {
    ConfigNode node;
    node.kind = kind;
    node.offset = index_.Offset(mark.line, mark.column);
    node.span = index_.Span(tree_->file, node.offset, 1);
    return node;
  }

  void RefuseTag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Refusal{mark, "tags such as `!!str` are not supported",
                  "remove the tag: the field decides what type its value has"};
  }

  void Count(int64_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > kConfigNodesMax) {
      throw Refusal{mark, "the config has more than " + std::to_string(kConfigNodesMax) + " values",
                    "aliases are copied out before they are counted"};
    }
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            ConfigNode::Kind kind) {
    RefuseTag(mark, tag);
    if (static_cast<int>(open_.size()) >= kConfigDepthMax) {
      throw Refusal{mark, "values are nested deeper than " + std::to_string(kConfigDepthMax), ""};
    }
    if (!open_.empty() && open_.back().node.kind == ConfigNode::Kind::kMap &&
        !open_.back().has_key) {
      throw Refusal{mark, "a key must be a name, not a list or a map", ""};
    }
    Frame frame;
    frame.nodes_before = nodes_;
    Count(1, mark);
    frame.node = NodeAt(mark, kind);
    frame.mark = mark;
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void Close() {
    Frame frame = std::move(open_.back());
    open_.pop_back();
    const int64_t nodes = nodes_ - frame.nodes_before;
    if (frame.anchor != 0) anchors_[frame.anchor] = Anchored{frame.node, nodes};
    Place(std::move(frame.node));
  }

  void Add(ConfigNode node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Count(1, mark);
    if (anchor != 0) anchors_[anchor] = Anchored{node, 1};
    Place(std::move(node));
  }

  void Place(ConfigNode node) {
    if (open_.empty()) {
      tree_->root = std::move(node);
      return;
    }
    Frame& frame = open_.back();
    if (frame.node.kind == ConfigNode::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      TakeKey(&frame, node);
    } else {
      frame.has_key = false;
      // Nothing was written: the place to look at is the key, not whatever comes next.
      if (node.kind == ConfigNode::Kind::kEmpty) node.span = frame.key_span;
      if (!frame.skip_value) {
        frame.node.entries.push_back({std::move(frame.key), frame.key_span, std::move(node)});
      }
    }
  }

  void TakeKey(Frame* frame, const ConfigNode& key) {
    if (key.kind != ConfigNode::Kind::kScalar) {
      throw Refusal{frame->mark, "a key must be a name", ""};
    }
    frame->has_key = true;
    frame->key = key.text;
    frame->key_span = key.span;
    const auto [first, is_new] = frame->line_of_key.emplace(key.text, key.span.line);
    frame->skip_value = !is_new;
    if (is_new) return;
    tree_->problems.push_back(
        {ErrorCode::kDuplicateName, "the key `" + key.text + "` is given twice",
         "it stands on line " + std::to_string(first->second) + " already: keep one of the two",
         key.span, std::string(index_.Line(key.span.line))});
  }

  ConfigTree* tree_;
  TextIndex index_;
  int documents_ = 0;
  int64_t nodes_ = 0;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
};

void AddSyntaxProblem(ConfigTree* tree, int64_t offset, std::string message,
                      std::string suggestion) {
  Diagnostic problem;
  problem.code = ErrorCode::kYamlSyntax;
  problem.message = std::move(message);
  problem.suggestion = std::move(suggestion);
  problem.span = TextIndex(tree->text).Span(tree->file, offset, 1);
  problem.source_line = tree->Line(problem.span.line);
  tree->problems.push_back(std::move(problem));
}

// The parser's messages are terse; the common ones get a way out.
std::string SyntaxSuggestion(const std::string& message, const std::string& line) {
  const size_t first = line.find_first_not_of(' ');
  if (first != std::string::npos && line[first] == '\t') {
    return "indent with spaces: YAML does not allow tabs";
  }
  if (message.find("map value") != std::string::npos) {
    return "quote a text that holds `: `, and indent keys of one map alike";
  }
  if (message.find("flow not found") != std::string::npos) {
    return "a `[` or `{` is not closed, or a comma is missing";
  }
  if (message.find("EOF in scalar") != std::string::npos) return "a quote is not closed";
  return "";
}

}  // namespace

const ConfigNode* ConfigNode::Find(std::string_view key) const {
  for (const ConfigEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string ConfigTree::Line(int line) const { return std::string(TextIndex(text).Line(line)); }

SourceSpan ConfigTree::SpanInside(const ConfigNode& node, int offset, int length) const {
  if (node.kind != ConfigNode::Kind::kScalar || node.offset < 0) return node.span;
  const int64_t at = OffsetInside(text, node.offset, node.text, offset);
  if (at < 0) return node.span;
  SourceSpan span = TextIndex(text).Span(file, at, length);
  span.length = std::max(1, length);
  return span;
}

ConfigTree ParseConfigTree(std::string text, const std::string& file) {
  ConfigTree tree;
  tree.file = file;
  const TextFault fault = PrepareConfigText(&text);
  tree.text = std::move(text);
  if (!fault.message.empty()) {
    AddSyntaxProblem(&tree, fault.offset, fault.message, fault.suggestion);
    return tree;
  }
  std::istringstream stream(tree.text);
  TreeBuilder builder(&tree);
  const TextIndex index(tree.text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    AddSyntaxProblem(&tree, index.Offset(refusal.mark.line, refusal.mark.column), refusal.message,
                     refusal.suggestion);
    builder.CloseAll();
  } catch (const YAML::Exception& e) {
    const std::string line = tree.Line(e.mark.line + 1);
    AddSyntaxProblem(&tree, index.Offset(e.mark.line, e.mark.column), e.msg,
                     SyntaxSuggestion(e.msg, line));
    builder.CloseAll();
  }
  return tree;
}

}  // namespace millrace::pipeline
