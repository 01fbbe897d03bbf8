"""Drawing only: figures for training and SHAP, and the self-contained HTML report.

Nothing here fits or scores a model. Figures are plain ``matplotlib.figure.Figure`` objects,
never pyplot state, so they can be logged to MLflow, embedded in HTML or saved to disk.
"""
