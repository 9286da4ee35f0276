#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/pipeline.h"
#include "millrace/trace.h"

namespace millrace::cli {
namespace {

struct TraceArguments {
  std::string config;
  TraceOptions options;
};

Result<std::string> Trace(const Session& session, const TraceArguments& arguments) {
  if (arguments.options.row_ids.empty() == arguments.options.where.empty()) {
    return MakeError(ErrorCode::kUsage, "name rows by their ids, or by --where",
                     "an id is the value of `__fdf__/row_id`, for example web/a.jsonl#12");
  }
  ARROW_ASSIGN_OR_RAISE(auto params, session.Params());
  ARROW_ASSIGN_OR_RAISE(auto pipeline,
                        LoadPipeline(arguments.config, {std::move(params), session.at_step}));
  return TraceRows(*pipeline, arguments.options);
}

}  // namespace

void AddTrace(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<TraceArguments>();
  CLI::App* command =
      app.add_subcommand("trace", "Tell the life of a row, from its file to where it ended");
  AddPipelineOptions(*command, session, arguments->config);
  command->add_option("row", arguments->options.row_ids, "Row ids: <source>/<path>#<ordinal>")
      ->option_text("ROW_ID...");
  command
      ->add_option("--where", arguments->options.where,
                   "Instead: rows that this is true of, as they were ingested")
      ->option_text("EXPR");
  command->add_option("--rows", arguments->options.rows_max, "Rows of --where (default: 3)")
      ->check(CLI::Range(1, 1000))
      ->option_text("N");
  SetExamples(*command,
              "millrace trace pipeline.yaml 'web/a.jsonl#12'           # one row\n"
              "millrace trace pipeline.yaml --where \"id = 7\" --rows 1  # by what is in it\n"
              "millrace trace pipeline.yaml 'web/a.jsonl#12' --json     # the same for machines");
  command->callback([&session, arguments] {
    session.action = [&session, arguments] {
      const Result<std::string> trace = Trace(session, *arguments);
      if (!trace.ok()) return Fail(session, trace.status());
      PrintOut(session.json ? *trace + "\n" : RenderTrace(*trace));
      return 0;
    };
  });
}

}  // namespace millrace::cli
