// The sections of the release card, each as HTML. Everything that is data goes through Escaped;
// long lists are cut and say so, for the card stays a page and report.json has the rest.
#pragma once

#include <string>

#include "pipeline/report/report.h"

namespace millrace::pipeline {

/// What a person wants to know first: whether the release is fit, and the rows in and out.
std::string VerdictSection(const Report& report);
/// Requirement by requirement, and how the rows divide over the columns the contract names.
std::string EvidenceSection(const ReportModel& model);
std::string CompositionSection(const Report& report);

/// Of one table; `of` follows the headings: " of docs", or nothing. It is text.
std::string FunnelSection(const Report& report, const ReportTable& table, const std::string& of);
/// Of one stage: what its operators did with the rows.
std::string StageSection(const ReportTable& stage);
/// Which shares of its mixtures were asked for and came about; empty without any.
std::string SharesSection(const stage::Manifest& manifest, const std::string& of);
/// How the numbers that its filters look at are spread; "" where there are none.
std::string HistogramsSection(const ReportTable& stage);
std::string RejectedSection(const std::vector<ReportReject>& rejects, const std::string& of);
std::string NulledSection(const ReportTable& table, const std::string& of);
std::string QualitySection(const ReportTable& table, const std::string& of);
std::string ColumnsSection(const ReportTable& table, const std::string& of);
std::string ExamplesSection(const ReportTable& table, const std::string& of);
std::string FilesSection(const ReportTable& table, const std::string& of);

std::string DriftSection(const Report& report);
/// What changed since the release before.
std::string DeltaSection(const Report& report);
std::string ExportsSection(const Report& report);
std::string IdentitySection(const Report& report);

/// Parts of the above.
std::string DataFilesTable(const std::string& label, const std::vector<io::DataFile>& files);
std::string Code(const std::string& text);
std::string Heading(const std::string& text);
std::string Soft(const std::string& html);

}  // namespace millrace::pipeline
