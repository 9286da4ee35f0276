#include "pipeline/config/stage_chain.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/reserved_columns.h"
#include "op/filter/quota_filter.h"
#include "op/operator_table.h"
#include "op/row_layout.h"
#include "pipeline/config/canonical.h"
#include "stage/operators/amounts.h"

namespace millrace::pipeline {
namespace {

/// The instances of a stage, what comes before what, and the order that follows.
class Graph {
 public:
  Graph(const ConfigValue& stage, ConfigProblems* problems) : problems_(problems) {
    const ConfigValue* operators = stage.Find("operators");
    if (operators == nullptr) return;
    for (const ConfigValue& item : operators->items) {
      if (item.kind == ConfigValue::Kind::kObject) AddInstance(item);
    }
    before_.resize(instances_.size());
    if (stage.IsWritten("edges")) {
      if (const ConfigValue* edges = stage.Find("edges")) AddEdges(*edges);
    } else {
      for (size_t i = 1; i < instances_.size(); ++i) before_[i].insert(i - 1);
    }
    Sort(stage);
  }

  const std::vector<const ConfigValue*>& instances() const { return instances_; }
  /// Positions in instances(), in the order they are done; empty when there is a cycle.
  const std::vector<size_t>& order() const { return order_; }
  /// Whether there is a path from one to the other.
  bool Precedes(size_t first, size_t then) const { return ancestors_[then].count(first) > 0; }

 private:
  void AddInstance(const ConfigValue& item) {
    const ConfigValue* id = item.Find("id");
    if (id == nullptr) return;
    if (id->text == op::kOutputMixture) {
      problems_->Add(ErrorCode::kBadValue, id->span,
                     "an instance cannot be called `" + id->text + "`",
                     "what the stage's `output_mixture` leaves out is told under that name");
    }
    if (id->text == "eval") {
      problems_->Add(ErrorCode::kBadValue, id->span, "an instance cannot be called `eval`",
                     "`eval.` begins the names of what evaluators find");
    }
    if (!position_.emplace(id->text, instances_.size()).second) {
      problems_->Add(ErrorCode::kDuplicateName, id->span,
                     "the stage has an operator `" + id->text + "` already");
      return;
    }
    instances_.push_back(&item);
  }

  void AddEdges(const ConfigValue& edges) {
    std::vector<std::string> ids;
    for (const auto& [id, at] : position_) ids.push_back(id);
    for (const ConfigValue& edge : edges.items) {
      if (edge.kind != ConfigValue::Kind::kTexts) continue;
      bool known = true;
      for (const ConfigValue& end : edge.items) {
        if (position_.count(end.text) > 0) continue;
        known = false;
        problems_->Add(ErrorCode::kUnknownReference, end.span,
                       "the stage has no operator `" + end.text + "`", DidYouMean(end.text, ids));
      }
      if (known) before_[position_[edge.items[1].text]].insert(position_[edge.items[0].text]);
    }
  }

  // Ties by position in the list.
  void Sort(const ConfigValue& stage) {
    ancestors_.resize(instances_.size());
    std::set<size_t> done;
    while (done.size() < instances_.size()) {
      size_t next = 0;
      while (next < instances_.size() &&
             (done.count(next) > 0 || !std::includes(done.begin(), done.end(),
                                                     before_[next].begin(), before_[next].end()))) {
        ++next;
      }
      if (next == instances_.size()) {
        order_.clear();
        const ConfigValue* edges = stage.Find("edges");
        problems_->Add(ErrorCode::kBadValue, edges->span, "`edges` go round in a circle",
                       "no instance can come before itself");
        return;
      }
      for (const size_t parent : before_[next]) {
        ancestors_[next].insert(parent);
        ancestors_[next].insert(ancestors_[parent].begin(), ancestors_[parent].end());
      }
      done.insert(next);
      order_.push_back(next);
    }
  }

  ConfigProblems* problems_;
  std::vector<const ConfigValue*> instances_;
  std::map<std::string, size_t> position_;
  std::vector<std::set<size_t>> before_, ancestors_;
  std::vector<size_t> order_;
};

std::vector<std::string> WritesOf(const op::Operator& op) {
  std::vector<std::string> names;
  if (op.scope() == op::Scope::kOrder) return names;
  switch (op.kind()) {
    case op::Kind::kScore:
    case op::Kind::kEvaluator:
      for (const auto& field : static_cast<const op::Annotator&>(op).adds()) {
        names.push_back(field->name());
      }
      break;
    case op::Kind::kRefiner:
      return static_cast<const op::Refiner&>(op).writes();
    case op::Kind::kGenerator:
      for (const auto& field : static_cast<const op::Generator&>(op).writes()) {
        names.push_back(field->name());
      }
      break;
    case op::Kind::kFilter:
      break;
  }
  return names;
}

/// Which instance wrote what, for the rules between instances without a path.
class Writers {
 public:
  Writers(const Graph& graph, ConfigProblems* problems) : graph_(graph), problems_(problems) {}

  void Add(size_t at, const op::Operator& op) {
    const ConfigValue& instance = *graph_.instances()[at];
    for (const std::string& name : op.reads()) {
      const auto writer = writer_.find(name);
      if (writer == writer_.end() || graph_.Precedes(writer->second, at)) continue;
      problems_->Add(ErrorCode::kUnknownReference, instance.span,
                     "`" + Id(at) + "` reads `" + name + "`, which `" + Id(writer->second) +
                         "` writes, and no edge says that it comes later",
                     "add [" + Id(writer->second) + ", " + Id(at) + "] to `edges`");
    }
    for (const std::string& name : WritesOf(op)) {
      const auto writer = writer_.find(name);
      if (writer != writer_.end() && !graph_.Precedes(writer->second, at)) {
        problems_->Add(ErrorCode::kBadValue, instance.span,
                       "`" + Id(at) + "` and `" + Id(writer->second) + "` both write `" + name +
                           "`, and no edge says which comes first");
      }
      writer_[name] = at;
    }
    if (op.kind() == op::Kind::kGenerator && static_cast<const op::Generator&>(op).makes_rows()) {
      CheckMaker(at, instance);
      maker_ = Id(at);
    }
    if (op.scope() != op::Scope::kRow && !maker_.empty()) {
      problems_->Add(ErrorCode::kBadValue, instance.span,
                     "`" + Id(at) + "` must know of all rows, and `" + maker_ +
                         "` makes rows before it in the same stage",
                     "put `" + Id(at) + "` into a stage of its own behind this one");
    }
  }

  /// The instance that makes rows; "" where there is none.
  const std::string& maker() const { return maker_; }

 private:
  std::string Id(size_t at) const { return graph_.instances()[at]->Text("id"); }

  // Rows that are made pass all instances behind it: each must be before or behind.
  void CheckMaker(size_t at, const ConfigValue& instance) {
    for (size_t other = 0; other < graph_.instances().size(); ++other) {
      if (other == at || graph_.Precedes(other, at) || graph_.Precedes(at, other)) continue;
      problems_->Add(ErrorCode::kBadValue, instance.span,
                     "`" + Id(at) + "` makes rows, and no edge says whether `" + Id(other) +
                         "` comes before it");
    }
  }

  const Graph& graph_;
  ConfigProblems* problems_;
  std::map<std::string, size_t> writer_;
  std::string maker_;  // of rows
};

void Tell(const std::vector<op::Problem>& found, ConfigProblems* problems) {
  for (const op::Problem& problem : found) {
    if (problem.inside) {
      problems->AddInside(*problem.where, problem.diagnostic);
    } else {
      problems->Add(problem.diagnostic);
    }
  }
}

// Behind all operators; only what orders the rows comes later.
void AddOutputMixture(const ConfigValue& stage, uint64_t seed, const Writers& writers,
                      std::unique_ptr<op::ChainColumns>* columns,
                      std::vector<op::Instance>* instances, StageChain* bound,
                      ConfigProblems* problems) {
  const ConfigValue* value = stage.Find(op::kOutputMixture);
  if (value == nullptr) return;  // reported already
  if (!writers.maker().empty()) {
    problems->Add(ErrorCode::kBadValue, value->span,
                  "an `output_mixture` must know of all rows, and `" + writers.maker() +
                      "` makes rows before it in the same stage",
                  "put it into a stage of its own behind this one");
  }
  if (instances->size() == op::kInstancesMax) {
    problems->Add(ErrorCode::kBadValue, value->span,
                  "a stage with an `output_mixture` has at most " +
                      std::to_string(op::kInstancesMax - 1) + " operators");
  }
  op::Instance instance;
  instance.id = op::kOutputMixture;
  instance.type = &op::OutputMixture();
  instance.common = op::CommonOf(*value);
  std::vector<op::Problem> found;
  instance.op = instance.type->make(op::Request(
      *value, instance.id, seed, *columns == nullptr ? nullptr : (*columns)->working(), &found));
  Tell(found, problems);
  if (instance.op == nullptr) return columns->reset();
  const bool orders = !instances->empty() && instances->back().op->scope() == op::Scope::kOrder;
  const auto before_order = [orders](auto* list) { return list->end() - (orders ? 1 : 0); };
  instances->insert(before_order(instances), std::move(instance));
  bound->instance_json.insert(before_order(&bound->instance_json), OperatorJson(*value));
}

}  // namespace

StageChain BindStage(const ConfigValue& stage, const std::shared_ptr<arrow::Schema>& input,
                     uint64_t seed, ConfigProblems* problems, const op::Supplies& supplies) {
  StageChain bound;
  const Graph graph(stage, problems);
  Writers writers(graph, problems);
  std::vector<op::Instance> instances;
  std::unique_ptr<op::ChainColumns> columns;
  if (input != nullptr) columns = std::make_unique<op::ChainColumns>(*input);
  for (const size_t at : graph.order()) {
    const ConfigValue& value = *graph.instances()[at];
    op::Instance instance;
    instance.id = value.Text("id");
    instance.type = op::FindOperator(value.spec->type_value);
    instance.common = op::CommonOf(value);
    std::vector<op::Problem> found;
    instance.op = instance.type->make(op::Request(value, instance.id, seed,
                                                  columns == nullptr ? nullptr : columns->working(),
                                                  &found, supplies));
    Tell(found, problems);
    if (instance.op == nullptr) {
      columns.reset();  // what follows cannot be held against columns that nobody knows
      continue;
    }
    writers.Add(at, *instance.op);
    if (instance.op->scope() == op::Scope::kOrder && at != graph.order().back()) {
      problems->Add(ErrorCode::kBadValue, value.span,
                    "`" + instance.id + "` orders the rows, and is not the last of its stage",
                    "put what comes after it into a stage of its own");
    }
    columns->Add(instance);
    bound.instance_json.push_back(OperatorJson(value));
    instances.push_back(std::move(instance));
  }
  if (stage.IsWritten(op::kOutputMixture)) {
    AddOutputMixture(stage, seed, writers, &columns, &instances, &bound, problems);
  }
  if (columns == nullptr || !problems->empty()) return bound;
  Result<std::shared_ptr<const op::Chain>> chain = op::Chain::Make(input, std::move(instances));
  MILLRACE_CHECK(chain.ok());
  bound.chain = *chain;
  return bound;
}

std::string BindMixtureTokens(const ConfigValue& mixture,
                              const std::shared_ptr<arrow::Schema>& input,
                              ConfigProblems* problems) {
  std::vector<op::Problem> found;
  const auto columns = input == nullptr ? nullptr : op::WorkingSchema(*input);
  const op::Request request(mixture, "mixture", 0, columns, &found);
  std::string tokens = op::TokensOf(request);
  Tell(found, problems);
  if (mixture.Text("unit") == "tokens" && tokens.empty() && columns != nullptr && found.empty()) {
    problems->Add(ErrorCode::kBadValue, mixture.Find("unit")->span,
                  "`unit: tokens` needs `tokens`: not exactly one measure of a `token_count` "
                  "reaches the stage",
                  "name a column or measure that counts them, or put a `token_count` into an "
                  "earlier stage");
  }
  return tokens;
}

std::string BindMixtureImages(const ConfigValue& mixture,
                              const std::shared_ptr<arrow::Schema>& input,
                              ConfigProblems* problems) {
  const ConfigValue* written = mixture.Find("images");
  const bool is_unit = mixture.Text("unit") == "images";
  if (input == nullptr || (written == nullptr && !is_unit)) return "";
  std::vector<std::string> columns;  // that hold images
  for (const auto& field : input->fields()) {
    if (!IsReservedColumn(field->name()) && stage::HoldsImages(*field->type())) {
      columns.push_back(field->name());
    }
  }
  if (written == nullptr) {
    if (columns.size() == 1) return columns.front();
    problems->Add(
        ErrorCode::kBadValue, mixture.Find("unit")->span,
        "`unit: images` needs `images`: not exactly one column of the inputs holds images",
        "name the column that holds them, or write an expression that counts them");
    return "";
  }
  if (std::find(columns.begin(), columns.end(), written->text) != columns.end()) {
    return written->text;
  }
  std::vector<op::Problem> found;
  const op::Request request(mixture, "mixture", 0, op::WorkingSchema(*input), &found);
  std::shared_ptr<arrow::DataType> type;
  const bool parsed = request.ExpressionOf("images", &type).has_value();
  if (parsed && type != nullptr && !arrow::is_integer(type->id())) {
    request.Report("images", ErrorCode::kBadExpression,
                   "this must be a column of images or a whole number, but is " + type->ToString());
  }
  Tell(found, problems);
  return found.empty() ? written->text : "";
}

}  // namespace millrace::pipeline
