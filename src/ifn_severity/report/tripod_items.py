"""The items of TRIPOD+AI, numbered as published and said in our own words.

Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting
clinical prediction models that use regression or machine learning methods. BMJ
2024;385:e078378, doi:10.1136/bmj-2023-078378.
"""

from __future__ import annotations

from typing import NamedTuple


class TripodItem(NamedTuple):
    """One item: its section, number, whom it concerns (D, E or D;E) and what it asks."""

    section: str
    number: str
    concerns: str
    asks: str


_TABLE = """
Title|1|D;E|Title names a prediction model study, its patients and its outcome
Abstract|2|D;E|Abstract follows TRIPOD+AI for Abstracts
Introduction|3a|D;E|Health care context, reason for the model, earlier models
Introduction|3b|D;E|Target patients, purpose in the care pathway, intended users
Introduction|3c|D;E|Known health inequalities between sociodemographic groups
Introduction|4|D;E|Objectives: development, evaluation or both
Data|5a|D;E|Sources of development and evaluation data, why they were used, how representative
Data|5b|D;E|Dates of accrual and follow-up
Participants|6a|D;E|Setting, number and location of centres
Participants|6b|D;E|Eligibility criteria
Participants|6c|D;E|Treatments received and how they were handled
Data preparation|7|D;E|Pre-processing and quality checks, also across sociodemographic groups
Outcome|8a|D;E|Outcome and time horizon, how and when assessed, why chosen, consistency
Outcome|8b|D;E|Who assessed the outcome, where that takes judgement
Outcome|8c|D;E|Blinding of outcome assessment
Predictors|9a|D|Choice and pre-selection of candidate predictors
Predictors|9b|D;E|Definition of all predictors, how and when measured, blinding
Predictors|9c|D;E|Who measured predictors, where that takes judgement
Sample size|10|D;E|How the study size was arrived at and whether it suffices
Missing data|11|D;E|Handling of missing data, reasons for omissions
Analysis|12a|D|How data were used and partitioned
Analysis|12b|D|Functional form, rescaling and transformation of predictors
Analysis|12c|D|Type of model, reasons, all steps, tuning, internal validation
Analysis|12d|D;E|Heterogeneity between clusters, how handled and quantified
Analysis|12e|D;E|Measures and plots of performance, comparison of models
Analysis|12f|E|Model updating such as recalibration
Analysis|12g|E|How predictions were calculated
Class imbalance|13|D;E|Methods for class imbalance and later recalibration
Fairness|14|D;E|Approaches to fairness
Model output|15|D|Output of the model, classification and its thresholds
Training against evaluation|16|D;E|Differences between development and evaluation data
Ethics|17|D;E|Ethical approval and consent
Open science|18a|D;E|Funding and role of funders
Open science|18b|D;E|Conflicts of interest
Open science|18c|D;E|Study protocol
Open science|18d|D;E|Registration
Open science|18e|D;E|Availability of data
Open science|18f|D;E|Availability of analytical code
Patient and public involvement|19|D;E|Involvement of patients and public, or none
Results: participants|20a|D;E|Flow of participants, numbers with and without the outcome
Results: participants|20b|D;E|Characteristics overall and by source, missing data
Results: participants|20c|E|Distribution of predictors and outcome against the development data
Results: model development|21|D;E|Participants and events in each analysis
Results: model specification|22|D|The full model, so that others can predict with it; restrictions
Results: performance|23a|D;E|Performance with intervals, also by subgroup
Results: performance|23b|D;E|Heterogeneity of performance between clusters
Results: model updating|24|E|Results of model updating
Discussion|25|D;E|Interpretation, fairness, earlier studies
Discussion|26|D;E|Limitations and what they bias
Usability|27a|D|Input of poor quality or missing: how to notice and handle it
Usability|27b|D|What users have to do and know
Usability|27c|D;E|Next steps, applicability and generalisability
"""

#: All 52 rows of the 27 items, in order.
TRIPOD_ITEMS = tuple(TripodItem(*line.split("|")) for line in _TABLE.strip().splitlines())
