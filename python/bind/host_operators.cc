#include "bind/host_operators.h"

#include <arrow/api.h>
#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <deque>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "bind/error_bridge.h"
#include "bind/shared_object.h"
#include "millrace/plugin.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;

constexpr char kSchemaCapsule[] = "arrow_schema", kArrayCapsule[] = "arrow_array";
constexpr char kCancelled[] = "Cancelled";

template <typename T>
void ReleaseCapsule(PyObject* capsule) {
  auto* held = static_cast<T*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  if (held->release != nullptr) held->release(held);
  delete held;
}

template <typename T>
nb::object Capsule(std::unique_ptr<T> held, const char* name) {
  PyObject* capsule = PyCapsule_New(held.get(), name, ReleaseCapsule<T>);
  if (capsule == nullptr) {
    held->release(held.get());
    throw nb::python_error();
  }
  held.release();
  return nb::steal(capsule);
}

/// The struct of a capsule, moved out of it.
template <typename T>
T Moved(const nb::handle& capsule, const char* name) {
  auto* held = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (held == nullptr) throw nb::python_error();
  return std::exchange(*held, T{});
}

/// What an operator raised: millrace._operator says what it is to the engine.
Status StatusOf(const nb::python_error& error) {
  const nb::handle value = error.value();
  if (!nb::hasattr(value, "millrace_code")) {
    return MakeError(ErrorCode::kOperatorFailed, nb::cast<std::string>(nb::str(value)));
  }
  const auto name = nb::cast<std::string>(value.attr("millrace_code"));
  if (name == kCancelled) return Status::Cancelled("cancelled; running again resumes");
  return MakeError(ErrorCodeNamed(name).value_or(ErrorCode::kBug),
                   nb::cast<std::string>(value.attr("message")),
                   nb::cast<std::string>(value.attr("suggestion")));
}

/// An instance, and the texts that the engine looks at until it lets go of it.
struct Bound {
  nb::object apply;
  std::deque<std::string> texts;
  std::vector<const char*> reads;
  std::vector<millrace_reason> reasons;

  const char* Keep(const nb::handle& text) {
    return texts.emplace_back(nb::cast<std::string>(text)).c_str();
  }
};

class PythonOperator : public HostOperator {
 public:
  /// REQUIRES: the GIL is held.
  explicit PythonOperator(const nb::object& declared) : declared_(SharedObject(declared)) {
    name_ = nb::cast<std::string>(declared.attr("name"));
    doc_ = nb::cast<std::string>(declared.attr("doc"));
    sha256_ = nb::cast<std::string>(declared.attr("sha256"));
    batch_rows_ = nb::cast<int64_t>(declared.attr("batch_rows"));
    for (const nb::handle option : declared.attr("options")) {
      const char* const name = Keep(option[0]);
      options_.push_back({name, option[1].is_none() ? nullptr : Keep(option[1])});
    }
    entry_ = {name_.c_str(),
              doc_.c_str(),
              nb::cast<int32_t>(declared.attr("kind")),
              nb::cast<int32_t>(declared.attr("version")),
              options_.size(),
              options_.data(),
              nullptr,
              nullptr,
              nullptr};
  }

  const millrace_operator& entry() const override { return entry_; }
  const std::string& sha256() const override { return sha256_; }
  int64_t batch_rows() const override { return batch_rows_; }

  Status Bind(const millrace_request& request, millrace_instance* instance) const override {
    const nb::gil_scoped_acquire gil;
    try {
      nb::dict options;
      for (size_t i = 0; i < request.options_count; ++i) {
        options[request.options[i].name] = request.options[i].value;
      }
      const nb::object told = declared_->attr("bind")(request.id, request.seed, options);
      auto bound = std::make_unique<Bound>();
      for (const nb::handle column : told.attr("reads")) {
        bound->reads.push_back(bound->Keep(column));
      }
      for (const nb::handle reason : told.attr("reasons")) {
        const char* const rule = bound->Keep(reason[0]);
        const char* const threshold = bound->Keep(reason[1]);
        bound->reasons.push_back({rule, threshold, bound->Keep(reason[2])});
      }
      const nb::object schema = told.attr("gives").attr("__arrow_c_schema__")();
      instance->gives = Moved<ArrowSchema>(schema, kSchemaCapsule);
      instance->makes_rows = nb::cast<bool>(told.attr("makes_rows")) ? 1 : 0;
      instance->reads_count = bound->reads.size();
      instance->reads = bound->reads.data();
      instance->reasons_count = bound->reasons.size();
      instance->reasons = bound->reasons.data();
      bound->apply = told.attr("apply");
      instance->state = bound.release();
      return Status::OK();
    } catch (const nb::python_error& error) {
      return StatusOf(error);
    }
  }

  void Release(void* state) const override {
    if (Py_IsInitialized() == 0) return;  // too late to give it back
    const nb::gil_scoped_acquire gil;
    delete static_cast<Bound*>(state);
  }

  Status Apply(const void* state, const std::shared_ptr<arrow::RecordBatch>& rows, bool hide_values,
               millrace_result* result) const override {
    const nb::gil_scoped_acquire gil;
    try {
      const auto& bound = *static_cast<const Bound*>(state);
      const nb::object gave = bound.apply(ArrowBatch(rows), hide_values);
      result->given = Taken(gave[0]);
      if (!gave[1].is_none()) result->failures = Taken(gave[1]);
      return Status::OK();
    } catch (const nb::python_error& error) {
      return StatusOf(error);
    }
  }

 private:
  static ArrowArray Taken(const nb::object& batch) {
    const nb::object capsules = batch.attr("__arrow_c_array__")();
    return Moved<ArrowArray>(capsules[1], kArrayCapsule);
  }

  const char* Keep(const nb::handle& text) {
    return texts_.emplace_back(nb::cast<std::string>(text)).c_str();
  }

  std::shared_ptr<nb::object> declared_;
  std::string name_, doc_, sha256_;
  int64_t batch_rows_ = 0;
  std::deque<std::string> texts_;
  std::vector<millrace_option_spec> options_;
  millrace_operator entry_ = {};
};

}  // namespace

nb::tuple ArrowBatch::Export() const {
  auto schema = std::make_unique<ArrowSchema>();
  auto array = std::make_unique<ArrowArray>();
  OrThrow(arrow::ExportRecordBatch(*rows_, array.get(), schema.get()));
  nb::object of_schema = Capsule(std::move(schema), kSchemaCapsule);
  return nb::make_tuple(std::move(of_schema), Capsule(std::move(array), kArrayCapsule));
}

HostOperators OperatorsOf(const nb::object& resolver) {
  if (resolver.is_none()) return {};
  return [held = SharedObject(nb::weakref(resolver))](
             const std::string& entry) -> Result<std::shared_ptr<const HostOperator>> {
    const nb::gil_scoped_acquire gil;
    try {
      const nb::object alive = (*held)();
      if (alive.is_none()) {
        return MakeError(ErrorCode::kUnknownReference,
                         "the program has let go of the operator `" + entry + '`');
      }
      return std::make_shared<const PythonOperator>(alive.attr("find")(entry));
    } catch (const nb::python_error& error) {
      return StatusOf(error);
    }
  };
}

ArrowBatch RowSeeds(const nb::object& row_ids, uint64_t seed, const std::string& instance) {
  const nb::object capsules = row_ids.attr("__arrow_c_array__")();
  ArrowSchema schema = Moved<ArrowSchema>(capsules[0], kSchemaCapsule);
  ArrowArray array = Moved<ArrowArray>(capsules[1], kArrayCapsule);
  const auto imported = OrThrow(arrow::ImportArray(&array, &schema));
  if (imported->type_id() != arrow::Type::STRING) throw nb::type_error("row ids are texts");
  const auto& ids = static_cast<const arrow::StringArray&>(*imported);
  arrow::UInt64Builder seeds;
  OrThrow(seeds.Reserve(ids.length()));
  for (int64_t row = 0; row < ids.length(); ++row) {
    Sha256 hash;
    hash.UpdateField(std::to_string(seed));
    hash.UpdateField(instance);
    hash.UpdateField(ids.GetView(row));
    seeds.UnsafeAppend(std::stoull(hash.FinishHex().substr(0, 16), nullptr, 16));
  }
  const auto column = OrThrow(seeds.Finish());
  return ArrowBatch(arrow::RecordBatch::Make(
      arrow::schema({arrow::field("seed", arrow::uint64(), /*nullable=*/false)}), column->length(),
      {column}));
}

}  // namespace millrace::python
