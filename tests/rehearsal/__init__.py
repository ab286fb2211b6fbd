"""The deployment of a city as processes of one machine, from the values of the chart."""
